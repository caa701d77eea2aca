//! Any bytes at all are read or refused, whatever they look like.

use proptest::prelude::*;

use super::*;

/// Pieces that files of one kind or another are made of.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"a;b\n",
        b"1,2\n",
        b"x\ty|z\r\n",
        b"\"",
        b"\n",
        b"\r",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"\0",
        b"a\0,\0b\0\n\0",
        b"\0a\0\n",
        b"Jos\xe9",
        b"\xd8\x00",
        b"{\"a\":",
        b"1}\n",
        b"\"b\"",
        b"  ",
        b"1   Ada    2\n",
        b"22  Bo  \xc3\xab  3\n",
    ];
    prop_oneof![
        8 => proptest::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        pieces in proptest::collection::vec(piece(), 0..24),
        chunk in 1_usize..40,
        name in proptest::sample::select(vec![
            "a.csv", "a.tsv.gz", "a.json", "a.sql", "a.txt", "-",
        ]),
        header in any::<Option<bool>>(),
    ) {
        let bytes = pieces.concat();
        let asked = Asked { header, ..Asked::default() };
        let outcome = check_told(&bytes, chunk, name, &asked);
        prop_assert!(outcome.is_ok(), "{outcome:?}");
        prop_assert_eq!(check_told(&bytes, 1000, name, &asked), outcome, "however it is cut");
    }
}
