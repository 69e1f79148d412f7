//! A committee measure with its options, applied to one matrix per member.

use super::CommitteeMeasure;
use super::scan::MemberScan;
use crate::blocks::{self, Watch};
use crate::error::{Error, Result};
use crate::fault::RowFault;
use crate::float::Element;
use crate::fused::select_parts;
use crate::matrix::Matrix;
use crate::room;
use crate::rules::{Invalid, Recipe};
use crate::scorer::{Scorer, invalid, score_parts};
use crate::second_look::fault_of_row;
use crate::select::{Rows, Selector};
use crate::simd::Float;
use std::ops::Range;

/// A committee measure with its options.
pub type CommitteeScorer = Scorer<CommitteeMeasure>;

impl CommitteeScorer {
    /// Score some rows; tells whether all are valid, or an error names the first that is not.
    fn rows<E: Element>(
        &self,
        members: &[Matrix<'_, E>],
        rows: Range<usize>,
        recipe: &Recipe<E::Compute>,
        out: &mut [E::Compute],
        scan: &mut MemberScan<E::Compute>,
        name: impl Fn(usize) -> u64,
    ) -> Result<bool> {
        let valid = scan.rows(members, rows.clone(), self.measure(), recipe, out);
        if !valid
            && self.rules().invalid == Invalid::Raise
            && let Some(i) = invalid(out).next()
        {
            return Err(Error::Row(RowFault { row: name(rows.start + i), ..self.fault(members, rows.start + i) }));
        }
        Ok(valid)
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
        let (_, classes) = check_shapes(members)?;
        let recipe = self.rules().recipe::<E>(classes);
        let name = |row: usize| first_row + row as u64;
        let scan = || MemberScan::new(self.level());
        score_parts(out, size(members), threads, watch, self.level(), scan, |scan, part, out| {
            self.rows(members, part, &recipe, out, scan, name)
        })
    }

    /// Score all rows, keep the best, and return the number of rows whose measure was computed. An
    /// error leaves the selector as it was.
    pub fn select<E: Element>(
        &self,
        members: &[Matrix<'_, E>],
        selector: &mut Selector,
        rows: &Rows<'_>,
        threads: usize,
        watch: &mut dyn Watch,
    ) -> Result<u64> {
        let (count, classes) = check_shapes(members)?;
        let recipe = self.rules().recipe::<E>(classes);
        let make = || (Vec::new(), MemberScan::new(self.level()));
        select_parts::<E::Compute, _>(
            selector,
            rows,
            size(members),
            threads,
            watch,
            make,
            |kept, (scores, scan), part| {
                scores.resize(part.len(), E::Compute::ZERO);
                self.rows(members, part.clone(), &recipe, scores, scan, |row| rows.id(row))?;
                kept.absorb(scores, &rows.slice(part.start, part.end), self.level())
            },
        )?;
        Ok(count as u64)
    }

    /// Every invalid row and its fault, in order: a slow second look.
    pub fn faults<E: Element>(&self, members: &[Matrix<'_, E>]) -> Result<Vec<RowFault>> {
        let (rows, classes) = check_shapes(members)?;
        let recipe = self.rules().recipe::<E>(classes);
        let mut scores = room::filled(E::Compute::ZERO, rows);
        MemberScan::new(self.level()).rows(members, 0..rows, self.measure(), &recipe, &mut scores);
        Ok(invalid(&scores).map(|row| self.fault(members, row)).collect())
    }

    /// The fault of a row that was found invalid.
    fn fault<E: Element>(&self, members: &[Matrix<'_, E>], row: usize) -> RowFault {
        let mut scan = MemberScan::new(self.level());
        let recipe = self.rules().recipe::<E>(members[0].columns());
        let mut alone = |member: &Matrix<'_, E>| {
            scan.rows(std::slice::from_ref(member), row..row + 1, self.measure(), &recipe, &mut [E::Compute::ZERO])
        };
        let member = members.iter().position(|member| !alone(member)).unwrap_or(0);
        let fault = fault_of_row(&members[member], row, self.rules().logits);
        RowFault { row: row as u64, member: Some(member), fault }
    }
}

/// How many rows there are, in a block, and bytes.
fn size<E: Element>(members: &[Matrix<'_, E>]) -> (usize, usize, usize) {
    let (rows, columns) = (members[0].rows(), members[0].columns());
    let row_bytes = members.len() * columns * size_of::<E>();
    (rows, blocks::block_rows(row_bytes), rows * row_bytes)
}

/// The one shape of all members.
fn check_shapes<E: Copy>(members: &[Matrix<'_, E>]) -> Result<(usize, usize)> {
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
