//! Which rows are in question.

use crate::error::{Error, Result};

/// Some of the rows of a matrix, or all. A row's *position* counts within these, and its *id*
/// within the matrix; ids ascend with positions, so that the lowest position is the lowest id.
#[derive(Clone, Copy, Debug)]
pub struct Among<'a> {
    ids: Option<&'a [i64]>,
    count: usize,
}

impl<'a> Among<'a> {
    /// All rows of a matrix of so many, or those of some ascending ids.
    pub fn new(rows: usize, ids: Option<&'a [i64]>) -> Result<Among<'a>> {
        if let Some(ids) = ids {
            let ascending = ids.windows(2).all(|pair| pair[0] < pair[1]);
            let inside = ids.first().is_none_or(|&id| id >= 0) && ids.last().is_none_or(|&id| (id as usize) < rows);
            if !ascending || !inside {
                let sentence = format!("among must hold ascending ids, each once, of 0 to {}", rows as i64 - 1);
                return Err(Error::Argument(sentence));
            }
        }
        let count = ids.map_or(rows, <[i64]>::len);
        if count >= u32::MAX as usize {
            return Err(Error::Argument(format!("X has {count} rows to pick from; accepted are up to 4294967294")));
        }
        Ok(Among { ids, count })
    }

    /// How many rows.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The id of the row at a position.
    #[inline(always)]
    pub fn id(&self, position: usize) -> u64 {
        self.ids.map_or(position as u64, |ids| ids[position] as u64)
    }

    /// The position of an id, if it is one of these.
    pub fn position(&self, id: usize) -> Option<usize> {
        match self.ids {
            None => (id < self.count).then_some(id),
            Some(ids) => ids.binary_search(&(id as i64)).ok(),
        }
    }
}
