//! Known vectors of every spelling: from the schemes' own test files and from programs that are
//! not ours (Python's hashlib, libc's crypt).

use super::*;
use crate::id::TenantId;
use crate::testing::CountingRandom;
use crate::vault::keys::SecretKey;

fn keys(pepper: u8) -> TenantKeys {
    let key = |byte| SecretKey::from_bytes(Zeroizing::new([byte; 32]));
    let versions = ([(1, key(1))], [(1, key(2))]);
    TenantKeys::new(TenantId([1; 16]), &versions.0, &versions.1, &key(3), &key(4), &key(pepper))
}

fn verifier(cell: &str) -> Verifier {
    Verifier::of(cell, &keys(5), &CountingRandom::default()).unwrap()
}

fn again(verifier: &Verifier) -> Verifier {
    Verifier::read(&verifier.write()).unwrap()
}

/// Cells that hold the hash of `River7!`.
fn river() -> Vec<&'static str> {
    vec![
        "8d013fe925b11a21959c98d0d36a977c",
        "8D013FE925B11A21959C98D0D36A977C ",
        "9725978a6b7f7dd695c1a02b192f369bfdadd887",
        "f2f975e192eecb7e5f6e9d8f110f030e472d3a3bafd454d9a6459dcc93ed5bf5",
        "e611efbc1adb87ab79f6df3537ae881d8084e5a9309fc5a20b0408468db89b0c\
         6c5e92aa8027b63e92d1ba2d0cc07581e8e9f89acb27d50aeb14de2c0c2dfd82",
        "bb081605dd2e94d753cc8a8ebc69328d:k3Z",
        "681e3475435fb929d84888d4082f7521:k3Z",
        "k3Z:bb081605dd2e94d753cc8a8ebc69328d",
        "k3Z:681e3475435fb929d84888d4082f7521",
        "b5d5060925a659bfb160beb3839e8166c6830476:k3Z",
        "k3Z:49016990f4cdb44c2016809287ef9368fca415f0",
        "4d57f92e2ff2c24a265d1fe6cf9e0c4a48072150eb1d62dd9bca1250b6fac17a:k3Z",
        "k3Z:ae3c0bb901de14884d73a004aad0325548f95c65cf7aa7c4e717f1b5e07cc9eb",
        "md5$k3Z$bb081605dd2e94d753cc8a8ebc69328d",
        "sha1$k3Z$b5d5060925a659bfb160beb3839e8166c6830476",
        "$2b$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi",
        "$2y$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi",
        "bcrypt$$2a$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi",
        "bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuuIznsmOKbnsiDcfkWeh3EcvlGpedxwDq",
        "pbkdf2_sha256$1200$seasalt$X/pJE638yQD/Old4DIR9xBs9LQB/aYnscLxLiYBrRSY=",
        "pbkdf2_sha1$1200$seasalt$bBljsSmDFNj1+vUSPp1NlTNLpQs=",
        "$pbkdf2-sha512$900$AAECAwQFBgcICQoLDA0ODw$cRof80VelUjJHLaYZLHCb9cuXGzt2rnck1aGhExJ/kfsD\
         Xb0DvJz5XLgnsbPcp5Y0SSLSF9ZzG6xMLj6QWXtwA",
        "$pbkdf2$900$AAECAwQFBgcICQoLDA0ODw$fuvAtVjtx44EPUv3fVRFr7LVYVo",
        "$pbkdf2-sha256$i=900,l=32$AAECAwQFBgcICQoLDA0ODw$\
         85f+l3rUklsIqKNsFt6lNe3lf6zAlL2Q5EuD91jNHWE",
        "pbkdf2:sha256:900$abc$98939a157e0a7c91a6cf59c911ff46c0a06e46726b8c26e51ba7b9d944805c62",
    ]
}

/// Cells from the schemes' own tests, each with its password.
const PUBLISHED: [(&str, &str); 7] = [
    ("$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345"),
    ("$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345"),
    ("$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""),
    (
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "password",
    ),
    (
        "argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$\
         nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "password",
    ),
    ("$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG", "password"),
    (
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        "password",
    ),
];

#[test]
fn a_hash_verifies_its_password_cheap_and_strong_and_never_its_own_text() {
    let river = river();
    let cells = river.iter().map(|cell| (*cell, "River7!")).chain(PUBLISHED);
    for (cell, password) in cells.chain([("River7!", "River7!"), (" spaced ", " spaced ")]) {
        let cheap = again(&verifier(cell));
        assert!(cheap.is_cheap() && cheap.is_right(&keys(5), password), "{cell}");
        assert!(!cheap.is_right(&keys(5), &format!("{password}x")), "{cell}");
        assert!(!cheap.is_right(&keys(6), password), "without the pepper: {cell}");
        let strong = again(&cheap.strengthened(Strength::LEAST).unwrap());
        assert!(!strong.is_cheap() && strong.is_right(&keys(5), password), "{cell}");
        assert!(!strong.is_right(&keys(5), &password.to_uppercase()) || password.is_empty());
        if cell != password {
            assert!(!strong.is_right(&keys(5), cell), "the hash let somebody in: {cell}");
            assert!(!verifier(cell).is_right(&keys(5), cell.trim()), "{cell}");
        }
    }
}

#[test]
fn what_looks_like_a_hash_and_is_not_known_verifies_nothing() {
    for cell in [
        "$6$rounds=5000$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJu",
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
        "*2470C0C06DEE42FD1618BBB99005ADCA2EC9D1E1",
        "scrypt:32768:8:1$salt$ab0d1f0e7c9e4ad2b4f9f3c7b6e5d4c3",
        "sha256$salt$f2f975e192eecb7e5f6e9d8f110f030e472d3a3bafd454d9a6459dcc93ed5bf5",
        "pbkdf2_sha256$99000000$seasalt$X/pJE638yQD/Old4DIR9xBs9LQB/aYnscLxLiYBrRSY=",
        "$2b$31$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi",
        "$argon2id$v=19$m=4000000,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$2b$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/F",
    ] {
        let verifier = again(&verifier(cell));
        assert!(!verifier.is_usable() && !verifier.is_cheap(), "{cell}");
        assert!(!verifier.is_right(&keys(5), cell) && !verifier.is_right(&keys(5), ""), "{cell}");
    }
}

#[test]
fn passwords_that_only_resemble_a_hash_are_passwords() {
    for cell in ["$ecret$", "{x}", "a:b", "md5", "deadbeef", "pa$$word-of-some-length", "*star"] {
        let verifier = again(&verifier(cell));
        assert!(verifier.is_usable() && verifier.is_right(&keys(5), cell), "{cell}");
    }
}

#[test]
fn equal_passwords_have_unlike_verifiers_that_hold_neither_password_nor_hash() {
    let random = CountingRandom::default();
    let of = |cell| Verifier::of(cell, &keys(5), &random).unwrap();
    let (one, two) = (of("River7!").write(), of("River7!").write());
    assert_ne!(*one, *two);
    for cell in river() {
        let written = BASE64_NOPAD.decode(of(cell).write().as_bytes()).unwrap();
        let holds = |part: &[u8]| written.windows(part.len()).any(|w| w == part);
        assert!(!holds(b"River7!"), "{cell}");
        let (_, outcome) = Scheme::tell(cell);
        assert!(!holds(&outcome), "{cell}");
    }
}

#[test]
fn a_changed_verifier_lets_nobody_in() {
    let written = verifier("$2b$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi").write();
    let bytes = BASE64_NOPAD.decode(written.as_bytes()).unwrap();
    for at in (0..bytes.len()).filter(|at| *at != 2) {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        let read = Verifier::read(&BASE64_NOPAD.encode(&bad));
        assert!(!read.is_some_and(|v| v.is_right(&keys(5), "River7!")), "byte {at}");
        assert!(Verifier::read(&BASE64_NOPAD.encode(&bytes[..at])).is_none(), "cut at {at}");
    }
}

#[test]
fn the_full_strength_is_owasps_least() {
    let strong = verifier("River7!").strengthened(Strength::FULL).unwrap();
    assert!(again(&strong).is_right(&keys(5), "River7!"));
    assert!(!again(&strong).is_right(&keys(5), "river7!"));
}

/// The tenant's keys with peppers of these versions, each its own.
fn peppered(versions: &[u16]) -> TenantKeys {
    let key = |version: u16| SecretKey::from_bytes(Zeroizing::new([4 + version as u8; 32]));
    keys(5).with_peppers(&versions.iter().map(|v| (*v, key(*v))).collect::<Vec<_>>())
}

#[test]
fn a_verifier_wrapped_under_the_next_pepper_needs_all_of_them() {
    let (first, both, three) = (peppered(&[1]), peppered(&[1, 2]), peppered(&[1, 2, 3]));
    for cell in ["River7!", "$2b$05$abcdefghijklmnopqrstuurlw1k8gCce7Dl8yvYACes1N6JUI/Fwi"] {
        let strong = |v: Verifier| again(&v.strengthened(Strength::LEAST).unwrap());
        let wrapped = |v: Verifier, keys| again(&v.wrapped(keys).unwrap());
        // Wrapped before it was made strong, after it, and on both sides.
        let before = strong(wrapped(verifier(cell), &both));
        let after = wrapped(strong(verifier(cell)), &both);
        let cheap = wrapped(verifier(cell), &both);
        for (what, verifier) in [("before", before), ("after", after), ("cheap", cheap)] {
            let right = |keys: &TenantKeys| verifier.is_right(keys, "River7!");
            assert!(right(&both) && right(&three), "{cell} {what}");
            assert!(!right(&first) && !right(&peppered(&[2])), "a pepper is missing: {what}");
            assert!(!verifier.is_right(&both, "river7!") && verifier.is_of(&both, cell));
            let newest = wrapped(again(&verifier), &three);
            assert!(newest.is_right(&three, "River7!") && !newest.is_right(&both, "River7!"));
            assert!(newest.wrapped(&three).is_none(), "it is under the newest already");
        }
    }
    // What is made since is under the newest alone.
    let new = Verifier::of("River7!", &both, &CountingRandom::default()).unwrap();
    assert!(again(&new).is_right(&peppered(&[2]), "River7!"));
    assert!(again(&new).wrapped(&both).is_none());
    let unknown = verifier("{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr");
    assert!(unknown.wrapped(&both).is_none());
    // Format 1 stays what it was where nothing was rotated.
    let bytes = |v: &Verifier| BASE64_NOPAD.decode(v.write().as_bytes()).unwrap();
    assert_eq!((bytes(&verifier("River7!"))[0], bytes(&new)[0]), (1, 2));
    let bytes = bytes(&verifier("River7!").wrapped(&both).unwrap());
    assert!(
        (0..bytes.len()).all(|at| Verifier::read(&BASE64_NOPAD.encode(&bytes[..at])).is_none())
    );
}
