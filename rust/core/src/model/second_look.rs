//! A second look at rows that a first one did not rule out.

use super::judge::Judge;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::measure::Measure;
use crate::scan::Scan;
use crate::simd::Level;

/// The measure, and the probability of the likeliest class, in `f64`.
pub(super) struct SecondLook {
    measure: Judge<f64>,
    unsure: Judge<f64>,
}

/// What a thread works with.
pub(super) struct SecondRoom {
    logits: Vec<f64>,
    own: Vec<f64>,
    scores: Vec<f64>,
    unsure: Vec<f64>,
    scan: Scan<f64>,
}

impl SecondLook {
    pub(super) fn new(measure: Measure, classes: usize, level: Level, own_unit: f64) -> Result<Self> {
        Ok(SecondLook {
            measure: Judge::new(measure, true, classes, level, own_unit)?,
            unsure: Judge::new(Measure::LeastConfident, true, classes, level, own_unit)?,
        })
    }

    pub(super) fn room(&self) -> SecondRoom {
        let scan = self.measure.scan();
        SecondRoom { logits: Vec::new(), own: Vec::new(), scores: Vec::new(), unsure: Vec::new(), scan }
    }

    /// Score the rows at these places again, whose logits are off by so much.
    pub(super) fn look(
        &self,
        places: &[u32],
        logit: impl Fn(usize, usize) -> f32,
        wrong: impl Fn(usize) -> f64,
        room: &mut SecondRoom,
        scores: &mut [f64],
        errors: &mut [f64],
    ) {
        let (classes, count) = (self.measure.classes(), places.len());
        let SecondRoom { logits, own, scores: again, unsure, scan } = room;
        logits.clear();
        for &place in places {
            logits.extend((0..classes).map(|class| f64::from(logit(place as usize, class))));
        }
        own.resize(count, 0.0);
        again.resize(count, 0.0);
        unsure.resize(count, 0.0);
        let matrix = Matrix::from_rows(logits, count, classes).expect("as many as were read");
        self.measure.scores(&matrix, scan, own, again);
        self.unsure.scores(&matrix, scan, own, unsure);
        for (i, &place) in places.iter().enumerate() {
            let place = place as usize;
            // What had no interval has none.
            if scores[place].is_finite() && errors[place].is_finite() {
                scores[place] = again[i];
                errors[place] = self.measure.error_of_logits_at(wrong(place), again[i], 1.0 - unsure[i]);
            }
        }
    }
}
