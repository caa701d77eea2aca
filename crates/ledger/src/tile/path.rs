//! The paths of tiles, for example `tile/0/x001/x234/067` and `tile/entries/000.p/3`.

use std::fmt;
use std::str::FromStr;

use super::TILE_WIDTH;

/// Names one file of a log below the log's own folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Entries.
    Entries,
    /// Hashes of this level; level 0 are the leaves, each level above counts 256 times as many.
    Hashes(u8),
}

/// A text is not the path of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct PathError;

/// The highest level that a path may name.
const LEVEL_MAX: u8 = 63;

impl TilePath {
    /// Names a tile of this width, from 1 to 256; 256 is a full tile.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, PathError> {
        let level_fits = !matches!(kind, TileKind::Hashes(level) if level > LEVEL_MAX);
        let fits = level_fits && (1..=TILE_WIDTH).contains(&width);
        if fits { Ok(Self { kind, index, width }) } else { Err(PathError) }
    }

    /// The tile of this kind and index in a tree of `size` leaves, if such a tree has it.
    pub fn in_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let level = match kind {
            TileKind::Entries => 0,
            TileKind::Hashes(level) => level,
        };
        let nodes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        let rest = nodes.saturating_sub(index.checked_mul(u64::from(TILE_WIDTH))?);
        let width = u16::try_from(rest.min(u64::from(TILE_WIDTH))).ok()?;
        Self::new(kind, index, width).ok()
    }

    /// Whether a tree of `size` leaves has exactly this tile.
    pub fn belongs_to(&self, size: u64) -> bool {
        Self::in_tree(self.kind, self.index, size) == Some(*self)
    }

    /// What the file holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Which tile of its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds.
    pub fn width(&self) -> u16 {
        self.width
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => write!(f, "tile/entries/")?,
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        let digits = format!("{:03}", self.index);
        let padding = (3 - digits.len() % 3) % 3;
        let digits = format!("{}{digits}", "0".repeat(padding));
        for (at, digit) in digits.char_indices() {
            if at % 3 == 0 {
                if at > 0 {
                    f.write_str("/")?;
                }
                // All but the last group of three are marked, so no file is also a folder.
                if at + 3 < digits.len() {
                    f.write_str("x")?;
                }
            }
            write!(f, "{digit}")?;
        }
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for TilePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let rest = text.strip_prefix("tile/").ok_or(PathError)?;
        let (kind, rest) = rest.split_once('/').ok_or(PathError)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().map_err(|_| PathError)?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().map_err(|_| PathError)?),
            None => (rest, TILE_WIDTH),
        };
        let mut index = 0u64;
        for group in groups.split('/') {
            let number = group.strip_prefix('x').unwrap_or(group);
            let number: u64 = number.parse().map_err(|_| PathError)?;
            index = index.checked_mul(1000).and_then(|i| i.checked_add(number)).ok_or(PathError)?;
        }
        let path = Self::new(kind, index, width)?;
        // What was read leniently above must be the one spelling.
        if path.to_string() == text { Ok(path) } else { Err(PathError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spells_as_the_specification_does() {
        let path = |kind, index, width| TilePath::new(kind, index, width).unwrap().to_string();
        assert_eq!(path(TileKind::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(TileKind::Hashes(63), 0, 1), "tile/63/000.p/1");
        assert_eq!(path(TileKind::Entries, 999, 255), "tile/entries/999.p/255");
        assert_eq!(path(TileKind::Entries, 1000, 256), "tile/entries/x001/000");
    }

    #[test]
    fn refuses_other_spellings() {
        for wrong in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/1/",
            "/tile/0/000",
            "tile/entries/x1/000",
            "tile/0/../000",
            "checkpoint",
            "tile/Entries/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(wrong.parse::<TilePath>(), Err(PathError), "{wrong}");
        }
    }

    #[test]
    fn knows_the_tiles_of_a_tree() {
        // The example of the specification: a tree of 70,000.
        let width = |kind, index| TilePath::in_tree(kind, index, 70_000).map(|path| path.width());
        assert_eq!(width(TileKind::Hashes(0), 272), Some(256));
        assert_eq!(width(TileKind::Hashes(0), 273), Some(112));
        assert_eq!(width(TileKind::Hashes(0), 274), None);
        assert_eq!(width(TileKind::Hashes(1), 0), Some(256));
        assert_eq!(width(TileKind::Hashes(1), 1), Some(17));
        assert_eq!(width(TileKind::Hashes(2), 0), Some(1));
        assert_eq!(width(TileKind::Hashes(3), 0), None);
        assert_eq!(width(TileKind::Hashes(63), 0), None);
        assert_eq!(width(TileKind::Entries, 273), Some(112));
        assert!("tile/1/000.p/1".parse::<TilePath>().unwrap().belongs_to(256));
        assert!(!"tile/1/000.p/1".parse::<TilePath>().unwrap().belongs_to(512));
    }

    proptest! {
        #[test]
        fn paths_read_back(level in 0u8..=64, index: u64, width in 1u16..=256) {
            let kind = if level == 64 { TileKind::Entries } else { TileKind::Hashes(level) };
            let path = TilePath::new(kind, index, width).unwrap();
            prop_assert_eq!(path.to_string().parse::<TilePath>(), Ok(path));
        }

        #[test]
        fn any_text_is_refused_or_read_back(text in "(tile/)?[x0-9a-z./]{0,30}") {
            if let Ok(path) = text.parse::<TilePath>() {
                prop_assert_eq!(path.to_string(), text);
            }
        }
    }
}
