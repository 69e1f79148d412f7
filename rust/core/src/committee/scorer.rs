//! A committee measure with its options, applied to one matrix per member.

use super::CommitteeMeasure;
use super::fault::MemberFault;
use super::scan::{CommitteeRecipe, MemberScan};
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::float::Element;
use crate::matrix::Matrix;
use crate::rules::{Invalid, Normalize, RowRules};
use crate::scorer::part_rows;
use crate::second_look::fault_of_row;
use crate::simd::{Float, Level};
use std::ops::Range;

/// A committee measure with its options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommitteeScorer {
    measure: CommitteeMeasure,
    /// The rules for one member's row.
    row: RowRules,
}

impl CommitteeScorer {
    /// Check the options, which are those of a row measure.
    pub fn new(
        measure: CommitteeMeasure,
        logits: bool,
        temperature: f64,
        normalize: Normalize,
        invalid: Invalid,
        level: Level,
    ) -> Result<CommitteeScorer> {
        let row = RowRules { logits, temperature, normalize, invalid, level }.accepted()?;
        Ok(CommitteeScorer { measure, row })
    }

    /// The measure.
    pub fn measure(&self) -> CommitteeMeasure {
        self.measure
    }

    /// Whether rows are logits.
    pub fn logits(&self) -> bool {
        self.row.logits
    }

    /// What logits are divided by.
    pub fn temperature(&self) -> f64 {
        self.row.temperature
    }

    /// What is done about sums.
    pub fn normalize(&self) -> Normalize {
        self.row.normalize
    }

    /// What is done about invalid rows.
    pub fn invalid(&self) -> Invalid {
        self.row.invalid
    }

    /// The CPU level.
    pub fn level(&self) -> Level {
        self.row.level
    }

    /// What the kernel needs of the options.
    pub(super) fn recipe<E: Element>(&self, classes: usize) -> CommitteeRecipe<E::Compute> {
        CommitteeRecipe { measure: self.measure, row: self.row.recipe::<E>(classes) }
    }

    /// Score some rows; returns how many are invalid, or an error that names the first.
    pub(super) fn rows<E: Element>(
        &self,
        members: &[Matrix<'_, E>],
        rows: Range<usize>,
        recipe: &CommitteeRecipe<E::Compute>,
        out: &mut [E::Compute],
        scan: &mut MemberScan<E::Compute>,
        name: impl Fn(usize) -> u64,
    ) -> Result<u64> {
        if scan.rows(members, rows.clone(), recipe, out) {
            return Ok(0);
        }
        let invalid = |score: &E::Compute| score.partial_cmp(score).is_none();
        match (self.invalid(), out.iter().position(invalid)) {
            (Invalid::Raise, Some(i)) => {
                let MemberFault { member, fault } = self.fault(members, rows.start + i);
                Err(Error::Row { row: name(rows.start + i), member: Some(member), fault })
            }
            _ => Ok(out.iter().filter(|score| invalid(score)).count() as u64),
        }
    }

    /// Write the scores of all rows, and return how many are invalid. An invalid row's score is
    /// NaN, or makes an error that names the first.
    pub fn score<E: Element>(
        &self,
        members: &[Matrix<'_, E>],
        out: &mut [E::Compute],
        first_row: u64,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        let (rows, classes) = check_shapes(members)?;
        if out.len() != rows {
            return Err(Error::Length { argument: "out", came: out.len(), rows });
        }
        let recipe = self.recipe::<E>(classes);
        let row_bytes = members.len() * classes * size_of::<E>();
        let block_rows = blocks::block_rows(row_bytes);
        let blocks = blocks::split(rows, block_rows).zip(out.chunks_mut(block_rows));
        let threads = blocks::crew(threads, rows * row_bytes);
        let size = part_rows::<E::Compute>();
        let name = |row: usize| first_row + row as u64;
        let state = || (MemberScan::new(self.level()), 0);
        let states = blocks::run(rows, blocks, threads, watch, state, |(scan, invalid), block, out| {
            for (start, out) in block.step_by(size).zip(out.chunks_mut(size)) {
                *invalid += self.rows(members, start..start + out.len(), &recipe, out, scan, name)?;
            }
            Ok(())
        })?;
        Ok(states.into_iter().map(|(_, invalid)| invalid).sum())
    }

    /// Every invalid row and its fault, in order: a slow second look.
    pub fn faults<E: Element>(&self, members: &[Matrix<'_, E>]) -> Result<Vec<(usize, MemberFault)>> {
        let (rows, classes) = check_shapes(members)?;
        let mut scores = vec![E::Compute::ZERO; rows];
        MemberScan::new(self.level()).rows(members, 0..rows, &self.recipe::<E>(classes), &mut scores);
        let invalid = scores.iter().enumerate().filter(|(_, score)| score.partial_cmp(score).is_none());
        Ok(invalid.map(|(row, _)| (row, self.fault(members, row))).collect())
    }

    /// The fault of a row that was found invalid.
    fn fault<E: Element>(&self, members: &[Matrix<'_, E>], row: usize) -> MemberFault {
        let mut scan = MemberScan::new(self.level());
        let recipe = self.recipe::<E>(members[0].columns());
        let mut alone = |member: &Matrix<'_, E>| {
            scan.rows(std::slice::from_ref(member), row..row + 1, &recipe, &mut [E::Compute::ZERO])
        };
        let member = members.iter().position(|member| !alone(member)).unwrap_or(0);
        MemberFault { member, fault: fault_of_row(&members[member], row, self.logits()) }
    }
}

/// The one shape of all members.
pub(super) fn check_shapes<E: Copy>(members: &[Matrix<'_, E>]) -> Result<(usize, usize)> {
    let Some(first) = members.first() else {
        return Err(Error::Empty { argument: "x", lacks: "members" });
    };
    let shape = (first.rows(), first.columns());
    for (i, member) in members.iter().enumerate() {
        let came = (member.rows(), member.columns());
        if came != shape {
            let accepted = format!("{shape:?}, the shape of x[0]");
            return Err(Error::Shape { argument: format!("x[{i}]"), came, accepted });
        }
    }
    if shape.1 == 0 {
        let accepted = "at least one class (column)".into();
        return Err(Error::Shape { argument: "x[0]".into(), came: shape, accepted });
    }
    Ok(shape)
}
