//! What is known of the rows of a block beside their scores.

use super::labels::Labels;
use super::plan::{MAX_GROUPS, Plan};
use crate::error::{Error, Result};
use crate::room;

/// Ids must fit the int64 arrays that users get them in.
const ID_LIMIT: u64 = 1 << 63;

/// The ids, exclusions and groups of a block's rows; every slice has one entry for each row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows<'a> {
    /// Id of the first row; the others follow. Not used when `ids` are given.
    pub first_id: u64,
    /// The rows' ids, when they do not simply follow each other.
    pub ids: Option<&'a [i64]>,
    /// Marks rows that must not be picked, with any byte but 0: who keeps truth values as bytes
    /// need not keep to 1.
    pub exclude: Option<&'a [u8]>,
    /// Which groups they are in.
    pub groups: Option<Groups<'a>>,
}

/// The groups of a block's rows.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// By codes, which mean the same in all blocks and in states that are to be merged.
    Codes(&'a [u32]),
    /// By labels, of which the bytes lie one after the other: codes are what these say.
    Labels(&'a [u8], &'a Labels),
}

impl<'a> Groups<'a> {
    fn len(&self) -> usize {
        match self {
            Groups::Codes(codes) => codes.len(),
            Groups::Labels(bytes, labels) => bytes.len() / labels.width(),
        }
    }

    #[inline]
    fn slice(&self, start: usize, end: usize) -> Groups<'a> {
        match self {
            Groups::Codes(codes) => Groups::Codes(&codes[start..end]),
            Groups::Labels(bytes, labels) => {
                Groups::Labels(&bytes[start * labels.width()..end * labels.width()], labels)
            }
        }
    }

    /// How many groups there are, where that is known.
    pub(super) fn known(&self) -> Option<usize> {
        match self {
            Groups::Codes(_) => None,
            Groups::Labels(_, labels) => labels.count(),
        }
    }

    /// The code of row `i`.
    #[inline]
    pub(super) fn code(&self, i: usize) -> Result<u32> {
        match self {
            Groups::Codes(codes) => Ok(codes[i]),
            Groups::Labels(bytes, labels) => labels.code(&bytes[i * labels.width()..][..labels.width()]),
        }
    }

    /// Says which of them no plan of so many groups has.
    fn check(&self, plan: &Plan) -> Result<()> {
        let limit = plan.quotas.as_ref().map_or(MAX_GROUPS, Vec::len);
        let wrong = match self {
            Groups::Codes(codes) if codes.iter().fold(0, |most, &code| code.max(most)) as usize >= limit => {
                codes.iter().copied().find(|&code| code as usize >= limit)
            }
            _ => None,
        };
        let refused = |code| Error::Argument(format!("groups has the code {code}; codes below {limit} are accepted"));
        wrong.map_or(Ok(()), |code| Err(refused(code)))
    }
}

impl<'a> Rows<'a> {
    /// Rows with ids that follow each other.
    pub fn from(first_id: u64) -> Rows<'a> {
        Rows { first_id, ..Rows::default() }
    }

    /// The part `start..end` of these rows.
    #[inline]
    pub fn slice(&self, start: usize, end: usize) -> Rows<'a> {
        Rows {
            first_id: self.first_id + start as u64,
            ids: self.ids.map(|ids| &ids[start..end]),
            exclude: self.exclude.map(|exclude| &exclude[start..end]),
            groups: self.groups.map(|groups| groups.slice(start, end)),
        }
    }

    /// The id of row `i`.
    #[inline(always)]
    pub fn id(&self, i: usize) -> u64 {
        match self.ids {
            Some(ids) => ids[i] as u64,
            None => self.first_id + i as u64,
        }
    }

    /// Says whether a plan can do with their groups.
    pub(crate) fn check_groups(&self, plan: &Plan) -> Result<()> {
        match (self.groups, plan.grouped()) {
            (None, true) => Err(Error::Argument("groups is missing; per_group and quotas need it".into())),
            (Some(_), false) => Err(Error::Argument("groups was given without per_group or quotas".into())),
            (Some(groups), true) => groups.check(plan),
            (None, false) => Ok(()),
        }
    }

    /// Says what is wrong with these slices as a description of `len` rows.
    pub(crate) fn check(&self, len: usize) -> Result<()> {
        let lengths = [
            ("ids", self.ids.map(<[_]>::len)),
            ("exclude", self.exclude.map(<[_]>::len)),
            ("groups", self.groups.map(|groups| groups.len())),
        ];
        for (argument, came) in lengths {
            if let Some(came) = came.filter(|&came| came != len) {
                return Err(Error::Length { argument, came, rows: len });
            }
        }
        match self.ids {
            Some(ids) => check_ids(ids),
            None if self.first_id.checked_add(len as u64).is_none_or(|end| end > ID_LIMIT) => {
                Err(Error::Argument(format!("first_id is {} for {len} rows; ids must stay below 2^63", self.first_id)))
            }
            None => Ok(()),
        }
    }
}

fn check_ids(ids: &[i64]) -> Result<()> {
    if let Some(position) = ids.iter().position(|&id| id < 0) {
        let (argument, came) = (format!("ids[{position}]"), ids[position].to_string());
        return Err(Error::OutOfRange { argument, came, accepted: "at least 0" });
    }
    if ids.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let mut order = room::collected(0..ids.len());
    order.sort_unstable_by_key(|&i| (ids[i], i));
    let again = |pair: &[usize]| (ids[pair[0]] == ids[pair[1]]).then_some(pair[1]);
    match order.windows(2).filter_map(again).min() {
        Some(position) => Err(Error::Argument(format!(
            "ids[{position}] is {} again; an id can be given to one row only",
            ids[position]
        ))),
        None => Ok(()),
    }
}

/// Which rows of a block must not be picked: by its mask, or by the plan's list of ids.
#[derive(Clone, Copy, Debug)]
pub(super) struct Barred<'a> {
    rows: Rows<'a>,
    /// The part of the list that can concern this block.
    listed: &'a [u64],
}

impl<'a> Barred<'a> {
    pub(super) fn new(rows: &Rows<'a>, len: usize, list: &'a [u64]) -> Barred<'a> {
        let listed = if rows.ids.is_some() || list.is_empty() {
            list
        } else {
            let end = rows.first_id + len as u64;
            &list[list.partition_point(|&id| id < rows.first_id)..list.partition_point(|&id| id < end)]
        };
        Barred { rows: *rows, listed }
    }

    /// Whether no row is barred.
    #[inline(always)]
    pub(super) fn nothing(&self) -> bool {
        self.rows.exclude.is_none() && self.listed.is_empty()
    }

    /// Whether row `i` is barred.
    #[inline(always)]
    pub(super) fn has(&self, i: usize) -> bool {
        self.rows.exclude.is_some_and(|mask| mask[i] != 0)
            || (!self.listed.is_empty() && self.listed.binary_search(&self.rows.id(i)).is_ok())
    }

    /// How many rows are barred.
    pub(super) fn count(&self, len: usize) -> u64 {
        let masked = |i: usize| self.rows.exclude.is_some_and(|mask| mask[i] != 0);
        let by_mask = self.rows.exclude.map_or(0, |mask| mask.iter().filter(|&&barred| barred != 0).count());
        let by_list = match self.rows.ids {
            _ if self.listed.is_empty() => 0,
            Some(_) => (0..len).filter(|&i| !masked(i) && self.has(i)).count(),
            None => self.listed.iter().filter(|&&id| !masked((id - self.rows.first_id) as usize)).count(),
        };
        (by_mask + by_list) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(rows: Rows<'_>, len: usize) -> String {
        rows.check(len).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_what_came() {
        let rows = Rows::default();
        let (two, mask) = ([7, 8], [1; 3]);
        assert_eq!(
            sentence(Rows { ids: Some(&two), ..rows }, 3),
            "ids has 2 elements for 3 rows; accepted is one for each"
        );
        assert_eq!(
            sentence(Rows { exclude: Some(&mask), ..rows }, 2),
            "exclude has 3 elements for 2 rows; accepted is one for each"
        );
        assert_eq!(
            sentence(Rows { groups: Some(Groups::Codes(&[1])), ..rows }, 2),
            "groups has 1 elements for 2 rows; accepted is one for each"
        );
        assert_eq!(sentence(Rows { ids: Some(&[4, -2, -3]), ..rows }, 3), "ids[1] is -2; accepted is at least 0");
        assert_eq!(
            sentence(Rows { ids: Some(&[9, 5, 7, 5, 9]), ..rows }, 5),
            "ids[3] is 5 again; an id can be given to one row only"
        );
        assert_eq!(
            sentence(Rows::from(u64::MAX - 1), 5),
            "first_id is 18446744073709551614 for 5 rows; ids must stay below 2^63"
        );
        assert!(Rows::from(ID_LIMIT - 5).check(5).is_ok() && Rows::from(ID_LIMIT - 5).check(6).is_err());
        assert!(Rows { ids: Some(&[3, 1, 2]), ..rows }.check(3).is_ok());
    }

    #[test]
    fn mask_and_list_are_counted_once() {
        let mask = [255, 0, 2, 0, 0];
        let list = [3, 10, 11, 14, 20];
        let by_range = Rows { first_id: 10, exclude: Some(&mask), ..Rows::default() };
        let by_ids = Rows { ids: Some(&[10, 11, 12, 13, 14]), exclude: Some(&mask), ..Rows::default() };
        for rows in [by_range, by_ids] {
            let barred = Barred::new(&rows, 5, &list);
            assert_eq!((0..5).map(|i| barred.has(i)).collect::<Vec<_>>(), [true, true, true, false, true]);
            assert_eq!(barred.count(5), 4);
            assert!(!barred.nothing());
        }
        assert!(Barred::new(&Rows::from(4), 5, &list).nothing());
    }
}
