//! Every operation, at every level that the machine has, against the plain arrays.

use super::{Float, Half, Kernel, Level, Simd, Vector};
use crate::coefficients::Coefficients;
use crate::random::hash;
use half::{bf16, f16};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What operations make of some values, by their names.
type Results = Vec<(&'static str, Vec<f64>)>;

/// Run operations at every level, and compare with the plain arrays. A NaN is like any other.
fn same_at_every_level<K: Kernel<Output = Results> + Copy>(kernel: K) {
    let plain = Level::Portable.run(kernel);
    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
        for ((name, expected), (_, found)) in plain.iter().zip(level.run(kernel)) {
            assert_eq!(expected.len(), found.len());
            for (i, (a, b)) in expected.iter().zip(found).enumerate() {
                let same = a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                assert!(same, "{name} at {level:?}: {b:?} for value {i}, and not {a:?}");
            }
        }
    }
}

/// Values of arbitrary bits, then of ordinary size.
fn values<T: Float>(any: impl Fn(u64) -> T) -> Vec<T> {
    let usual = |i| T::from_f64((hash(2, 0, i) % 1000) as f64 / 8.0 - 60.0);
    (0..480).map(any).chain((0..480).map(usual)).collect()
}

fn both_types<A, B>(narrow: impl Fn(&[f32]) -> A, wide: impl Fn(&[f64]) -> B) {
    narrow(&values(|i| f32::from_bits(hash(1, 0, i) as u32)));
    wide(&values(|i| f64::from_bits(hash(1, 0, i))));
}

#[inline(always)]
fn lanes_of<V: Vector>(vector: V) -> Vec<f64> {
    let mut lanes = [V::Scalar::ZERO; 16];
    vector.to_slice(&mut lanes[..V::LANES]);
    lanes[..V::LANES].iter().map(|&lane| lane.into()).collect()
}

#[derive(Clone, Copy)]
struct LaneWise<'a, T>(&'a [T]);

impl<T: Float> Kernel for LaneWise<'_, T> {
    type Output = Results;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Results {
        let mut results = Results::new();
        let third = self.0.len() / 3;
        let mut i = 0;
        while i < third {
            let x = T::Vector::<S>::from_slice(simd, &self.0[i..][..T::Vector::<S>::LANES]);
            let y = T::Vector::<S>::from_slice(simd, &self.0[third + i..][..T::Vector::<S>::LANES]);
            let z = T::Vector::<S>::from_slice(simd, &self.0[2 * third + i..][..T::Vector::<S>::LANES]);
            lane_wise(x, y, z, &mut results);
            i += T::Vector::<S>::LANES;
        }
        results
    }
}

#[inline(always)]
fn lane_wise<V: Vector>(x: V, y: V, z: V, results: &mut Results) {
    let (zero, one) = (x.full_like(0.0), x.full_like(1.0));
    // Of a NaN in the first, `min` and `max` may make what they like.
    let number = V::select(x.eq(x), x, zero);
    let positive = number.max(zero);
    let found = [
        ("add", x.add(y)),
        ("sub", x.sub(y)),
        ("mul", x.mul(y)),
        ("div", x.div(y)),
        ("mul_add", x.mul_add(y, z)),
        ("min", number.min(y)),
        ("max", number.max(y)),
        ("apart", x.apart(y)),
        ("sqrt", x.sqrt()),
        ("or", x.or(y)),
        ("lt", V::select(x.lt(y), one, zero)),
        ("le", V::select(x.le(x), one, zero)),
        ("eq", V::select(x.eq(x), one, zero)),
        ("and", V::select(V::and(x.lt(y), y.lt(z)), x, z)),
        ("zero_where", x.zero_where(x.lt(y))),
        ("polynomial", x.polynomial(V::Scalar::LN_1P_NEAR)),
        ("polynomial_mul_add", x.polynomial_mul_add(V::Scalar::EXP_TAIL, y, z)),
        ("bits_and", x.bits_and(y)),
        ("bits_add", x.bits_add(y)),
        ("bits_sub", x.bits_sub(y)),
        ("opaque", x.opaque()),
        ("exponent of split", positive.split().0),
        ("mantissa of split", positive.split().1),
        ("mantissa", x.mantissa(one)),
        ("power_of_two", x.power_of_two()),
        ("line_to_power", x.line_to_power()),
        ("power_to_line", x.power_to_line()),
    ];
    for (at, (name, vector)) in found.into_iter().enumerate() {
        if results.len() == at {
            results.push((name, Vec::new()));
        }
        results[at].1.extend(lanes_of(vector));
    }
}

#[test]
fn lane_wise_operations_have_the_same_bits_at_every_level() {
    both_types(|x| same_at_every_level(LaneWise(x)), |x| same_at_every_level(LaneWise(x)));
}

/// Reads numbers that tell their places, and merges the lanes of rows.
struct Memory<'a, T>(&'a [T]);

impl<T: Float> Kernel for Memory<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let lanes = T::Vector::<S>::LANES;
        let places = |place: &dyn Fn(usize) -> usize| -> Vec<f64> { (0..lanes).map(|i| place(i) as f64).collect() };
        let from = self.0.as_ptr();
        let mut to = Aligned([T::ZERO; 16]);
        // SAFETY: there are 16 rows of 20 values, and room for 16 lanes, which are aligned.
        unsafe {
            for stride in [4, 7, 20] {
                for (j, column) in T::Vector::<S>::load_columns(simd, from, stride).into_iter().enumerate() {
                    assert_eq!(lanes_of(column), places(&|row| row * stride + j), "column {j} of {stride}");
                }
            }
            for (j, column) in T::Vector::<S>::load_pairs(simd, from).into_iter().enumerate() {
                assert_eq!(lanes_of(column), places(&|row| 2 * row + j), "column {j} of pairs");
            }
            let fill = T::Vector::<S>::load(simd, from.add(100));
            for count in 0..=lanes {
                let found = T::Vector::<S>::load_first(from, count, fill);
                assert_eq!(lanes_of(found), places(&|i| if i < count { i } else { 100 + i }), "first {count}");
            }
            fill.stream(to.0.as_mut_ptr());
            super::fence();
        }
        assert_eq!(to.0[..lanes].iter().map(|&lane| lane.into()).collect::<Vec<f64>>(), places(&|i| 100 + i));
        merge(T::Vector::<S>::from_slice(simd, &self.0[..lanes]));
    }
}

#[repr(C, align(64))]
struct Aligned<T>([T; 16]);

/// The sums of the lanes of as many rows as there are lanes, row `r` of which has those of `first`
/// plus `100 r`: by [`Vector::pair`], as `scan` does it.
#[inline(always)]
fn merge<V: Vector>(first: V) {
    let mut rows = [first; 16];
    for row in 0..V::LANES {
        rows[V::pair_place(row)] = first.add(first.full_like(100.0 * row as f64));
    }
    let steps = V::LANES.trailing_zeros();
    for step in 0..steps {
        for place in 0..V::LANES >> (step + 1) {
            let [a, b] = [rows[2 * place], rows[2 * place + 1]];
            let [a, b] = match step {
                0 => a.pair::<0>(b),
                1 => a.pair::<1>(b),
                2 => a.pair::<2>(b),
                _ => a.pair::<3>(b),
            };
            rows[place] = a.add(b);
        }
    }
    let one: f64 = lanes_of(first).iter().sum();
    let expected: Vec<f64> = (0..V::LANES).map(|row| one + (100 * row * V::LANES) as f64).collect();
    assert_eq!(lanes_of(rows[0]), expected, "merged lanes");
}

#[test]
fn memory_is_read_and_lanes_are_merged_by_their_places_at_every_level() {
    let places: Vec<f64> = (0..320).map(f64::from).collect();
    let narrow: Vec<f32> = places.iter().map(|&place| place as f32).collect();
    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
        level.run(Memory(&places));
        level.run(Memory(&narrow));
    }
}

#[test]
fn at_most_rounds_down() {
    let third = 1.0 / 3.0;
    for x in [third, -third, 1e-50, -1e-50, 1e300, -1e300, f64::from(f32::MAX) * 1.0000001] {
        assert!(f64::from(f32::at_most(x)) <= x && f64::from(f32::at_most(x).next_up()) > x, "{x}");
        assert!(f64::from(-f32::at_most(-x)) >= x && f64::from((-f32::at_most(-x)).next_down()) < x, "{x}");
        assert_eq!(f64::at_most(x), x);
    }
    for x in [0.0, 0.25, -3.0, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!((f64::from(f32::at_most(x)), f64::from(-f32::at_most(-x))), (x, x));
    }
}

/// A vector of a slice, or the other way round.
struct Sliced<'a> {
    lanes: &'a mut [f32],
    write: bool,
}

impl Kernel for Sliced<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.write {
            true => S::F32::splat(simd, 1.0).to_slice(self.lanes),
            false => assert!(S::F32::from_slice(simd, self.lanes).signs() == 0),
        }
    }
}

#[test]
fn a_slice_of_fewer_lanes_is_no_vector() {
    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
        for write in [false, true] {
            // The array has room for all lanes; the slice has not.
            let mut lanes = [1.0; 16];
            let lanes = AssertUnwindSafe(|| level.run(Sliced { lanes: &mut lanes[..7], write }));
            assert!(catch_unwind(lanes).is_err());
        }
    }
}

/// Reads every number of half precision, whose bits are its place.
struct Halves<'a, H> {
    all: &'a [H],
    exact: fn(H) -> f32,
}

impl<H: Half> Kernel for Halves<'_, H> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Halves { all, exact } = self;
        let lanes = S::F32::LANES;
        let same = |found: S::F32, expected: &dyn Fn(usize) -> f32, about: &str| {
            for (i, found) in lanes_of(found).into_iter().enumerate() {
                let expected = f64::from(expected(i));
                let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
                assert!(same, "{about}, lane {i}: {found:?}, and not {expected:?}");
            }
        };
        for at in (0..all.len()).step_by(lanes) {
            // SAFETY: there are as many numbers from there on.
            let found = unsafe { S::F32::load_half(simd, all[at..].as_ptr()) };
            same(found, &|i| exact(all[at + i]), "load_half");
        }
        for at in (0..all.len()).step_by(2 * lanes) {
            // SAFETY: there are as many numbers from there on.
            let both = unsafe { S::F32::load_halves(simd, all[at..].as_ptr()) };
            let mut found: Vec<u64> = both.into_iter().flat_map(lanes_of).map(f64::to_bits).collect();
            let mut expected: Vec<u64> =
                all[at..][..2 * lanes].iter().map(|&x| f64::from(exact(x)).to_bits()).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert!(found == expected || expected.iter().any(|&x| f64::from_bits(x).is_nan()), "load_halves from {at}");
        }
        let fill = S::F32::splat(simd, 0.5);
        for count in 0..=lanes {
            for end in [lanes, all.len()] {
                // SAFETY: there are as many numbers before `end`.
                let found = unsafe { S::F32::load_first_half(all[end - count..].as_ptr(), count, fill) };
                let expected = |i: usize| if i < count { exact(all[end - count + i]) } else { 0.5 };
                same(found, &expected, &format!("first {count} before {end}"));
            }
        }
        // The last row ends where memory does.
        for (stride, last) in [(8, 8), (9, 8), (3, 8), (50, 8)] {
            let from = &all[all.len() - (lanes - 1) * stride - last..];
            // SAFETY: eight numbers are there from the start of the last row on.
            let columns = unsafe { S::F32::load_half_columns(simd, from.as_ptr(), stride) };
            for (j, column) in columns.into_iter().enumerate() {
                same(column, &|row| exact(from[row * stride + j]), &format!("column {j} of {stride}"));
            }
        }
    }
}

#[test]
fn half_precision_is_widened_exactly_at_every_level() {
    let brain: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
    let ieee: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
    for level in Level::ALL.into_iter().filter(|level| level.supported()) {
        level.run(Halves { all: &brain, exact: bf16::to_f32 });
        level.run(Halves { all: &ieee, exact: f16::to_f32 });
    }
}
