//! The tree against known roots, against the definition, and against its own proofs.

use super::proof::{self, verify_consistency, verify_inclusion};
use super::*;
use data_encoding::HEXLOWER;
use proptest::prelude::*;

/// The leaves and the roots after each of them, from the tests of Certificate Transparency.
const KNOWN: [(&str, &str); 8] = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    (
        "606162636465666768696a6b6c6d6e6f",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ),
];

#[test]
fn gives_the_known_roots() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let (mut frontier, mut tree) = (Frontier::new(), Tree::new());
    assert_eq!((frontier.root().to_hex().as_str(), tree.root(0)), (empty, Ok(empty_root())));
    for (size, (leaf, root)) in (1..).zip(KNOWN) {
        let leaf = leaf_hash(&HEXLOWER.decode(leaf.as_bytes()).unwrap());
        frontier.append(leaf);
        tree.append(leaf);
        assert_eq!(frontier.root().to_hex(), root, "size {size}");
        assert_eq!(tree.root(size).unwrap().to_hex(), root, "size {size}");
    }
}

/// MTH of RFC 6962, section 2.1, word for word.
fn definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let middle = leaves.len().next_power_of_two() / 2;
            node_hash(&definition(&leaves[..middle]), &definition(&leaves[middle..]))
        }
    }
}

fn leaf(n: u64) -> Hash {
    leaf_hash(&n.to_be_bytes())
}

fn tree(size: u64) -> Tree {
    let mut tree = Tree::new();
    (0..size).for_each(|n| tree.append(leaf(n)));
    tree
}

#[test]
fn agrees_with_the_definition() {
    let leaves: Vec<Hash> = (0..130).map(leaf).collect();
    let tree = tree(130);
    for size in 0..=130 {
        assert_eq!(tree.root(size as u64), Ok(definition(&leaves[..size])), "size {size}");
    }
    assert_eq!(tree.root(131), Err(ProofError::Range));
}

#[test]
fn proves_inclusion_of_every_leaf_at_every_size() {
    let tree = tree(70);
    for size in 1..=70 {
        let root = tree.root(size).unwrap();
        for index in 0..size {
            let path = proof::inclusion(&tree, index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf(index), index, size, &path, &root), Ok(()));
            let refused = Err(ProofError::Refuted);
            assert_eq!(verify_inclusion(&leaf(size), index, size, &path, &root), refused);
            let other = (index + 1) % size;
            if other != index {
                assert_eq!(verify_inclusion(&leaf(index), other, size, &path, &root), refused);
            }
            let longer = [&path[..], &[root]].concat();
            assert_eq!(verify_inclusion(&leaf(index), index, size, &longer, &root), refused);
            if let Some((_, shorter)) = path.split_last() {
                assert_eq!(verify_inclusion(&leaf(index), index, size, shorter, &root), refused);
            }
        }
        assert_eq!(proof::inclusion(&tree, size, size), Err(ProofError::Range));
    }
    assert_eq!(proof::inclusion(&tree, 0, 71), Err(ProofError::Missing));
}

#[test]
fn proves_consistency_of_every_two_sizes() {
    let tree = tree(70);
    for to in 0..=70 {
        let to_root = tree.root(to).unwrap();
        for from in 0..=to {
            let from_root = tree.root(from).unwrap();
            let path = proof::consistency(&tree, from, to).unwrap();
            assert_eq!(verify_consistency(from, to, &path, &from_root, &to_root), Ok(()));
            let refused = Err(ProofError::Refuted);
            let wrong = leaf(1000);
            assert_eq!(verify_consistency(from, to, &path, &wrong, &to_root), refused);
            if from > 0 {
                assert_eq!(verify_consistency(from, to, &path, &from_root, &wrong), refused);
            }
            let longer = [&path[..], &[to_root]].concat();
            assert_eq!(verify_consistency(from, to, &longer, &from_root, &to_root), refused);
            if let Some((_, shorter)) = path.split_last() {
                assert_eq!(verify_consistency(from, to, shorter, &from_root, &to_root), refused);
            }
        }
    }
    assert_eq!(proof::consistency(&tree, 2, 1), Err(ProofError::Range));
    assert_eq!(verify_consistency(2, 1, &[], &leaf(0), &leaf(0)), Err(ProofError::Range));
}

proptest! {
    #[test]
    fn checking_is_total(
        sizes: (u64, u64),
        path in prop::collection::vec(prop::array::uniform32(any::<u8>()).prop_map(Hash), 0..70),
    ) {
        let (a, b) = sizes;
        prop_assert!(verify_inclusion(&leaf(0), a, b, &path, &leaf(1)).is_err());
        prop_assert!(verify_consistency(a, b, &path, &leaf(0), &leaf(1)).is_err());
    }

    #[test]
    fn hashes_have_one_spelling(bytes: [u8; 32], text in "[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=") {
        let hash = Hash(bytes);
        prop_assert_eq!(Hash::from_hex(&hash.to_hex()), Some(hash));
        prop_assert_eq!(Hash::from_base64(&hash.to_base64()), Some(hash));
        prop_assert!(Hash::from_hex(&text).is_none_or(|hash| hash.to_hex() == text));
        prop_assert!(Hash::from_base64(&text).is_none_or(|hash| hash.to_base64() == text));
    }
}
