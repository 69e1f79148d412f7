//! NumPy arrays as matrices: the dtype dispatch, written once.

use crate::border::{type_error, value_error};
use half::{bf16, f16};
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;
use shortlist_core::matrix::Matrix;

/// A matrix of one of the accepted dtypes, borrowed from NumPy.
pub(crate) enum Rows<'py> {
    F16(PyReadonlyArray2<'py, f16>),
    Bf16(PyReadonlyArray2<'py, u16>),
    F32(PyReadonlyArray2<'py, f32>),
    F64(PyReadonlyArray2<'py, f64>),
}

/// Evaluate `$body` with `$matrix` bound to the [`Matrix`] of whichever dtype the rows have.
macro_rules! with_matrix {
    ($rows:expr, |$matrix:ident| $body:expr) => {
        match $rows {
            $crate::array::Rows::F16(array) => {
                let $matrix = $crate::array::matrix::<_, half::f16>(array);
                $body
            }
            $crate::array::Rows::Bf16(array) => {
                let $matrix = $crate::array::matrix::<_, half::bf16>(array);
                $body
            }
            $crate::array::Rows::F32(array) => {
                let $matrix = $crate::array::matrix::<_, f32>(array);
                $body
            }
            $crate::array::Rows::F64(array) => {
                let $matrix = $crate::array::matrix::<_, f64>(array);
                $body
            }
        }
    };
}
pub(crate) use with_matrix;

impl<'py> Rows<'py> {
    /// Borrow a two-dimensional array; `bfloat16` says that its 16-bit integers are that.
    pub(crate) fn borrow(x: &Bound<'py, PyAny>, bfloat16: bool) -> PyResult<Self> {
        let Ok(array) = x.cast::<PyUntypedArray>() else {
            return Err(type_error(format!("x is a {}; accepted is a NumPy array", x.get_type().name()?)));
        };
        if array.ndim() != 2 {
            return Err(value_error(format!("x has {} dimensions; accepted are 2: (rows, classes)", array.ndim())));
        }
        if bfloat16 {
            if let Ok(array) = x.cast::<PyArray2<u16>>() {
                return Ok(Rows::Bf16(aligned(array)?));
            }
        } else if let Ok(array) = x.cast::<PyArray2<f32>>() {
            return Ok(Rows::F32(aligned(array)?));
        } else if let Ok(array) = x.cast::<PyArray2<f64>>() {
            return Ok(Rows::F64(aligned(array)?));
        } else if let Ok(array) = x.cast::<PyArray2<f16>>() {
            return Ok(Rows::F16(aligned(array)?));
        }
        let accepted = if bfloat16 { "uint16 with dtype=\"bfloat16\"" } else { "float16, float32 and float64" };
        Err(type_error(format!("x has dtype {}; accepted is {accepted}", array.dtype())))
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        with_matrix!(self, |matrix| matrix.rows())
    }
}

fn aligned<'py, T: Element>(array: &Bound<'py, PyArray2<T>>) -> PyResult<PyReadonlyArray2<'py, T>> {
    let size = size_of::<T>();
    let whole = array.strides().iter().all(|stride| stride % size as isize == 0);
    if !whole || (array.data() as usize) % size != 0 {
        return Err(value_error(
            "x is not aligned to its dtype; accepted is an aligned array (np.require(x, requirements=\"A\"))",
        ));
    }
    array.try_readonly().map_err(|_| value_error("x is being written to by another call"))
}

/// The array's memory as a matrix of `E`, a type of the same representation as `T`.
#[allow(unsafe_code)]
pub(crate) fn matrix<'a, T: Element, E: SameBits<T>>(array: &'a PyReadonlyArray2<'_, T>) -> Matrix<'a, E> {
    let size = size_of::<T>() as isize;
    let (shape, strides) = (array.shape(), array.strides());
    // SAFETY: NumPy vouches for every element of the shape; the array is borrowed for as long as the matrix, aligned, and `E` has the
    // representation of `T`.
    unsafe {
        Matrix::from_raw_parts(array.data().cast::<E>(), shape[0], shape[1], strides[0] / size, strides[1] / size)
    }
}

/// Has the representation of `T`.
pub(crate) trait SameBits<T>: Copy {}
impl<T: Copy> SameBits<T> for T {}
impl SameBits<u16> for bf16 {}

/// A writable output of one number a row.
pub(crate) fn output<'py, T: Element>(out: &Bound<'py, PyAny>) -> Option<Bound<'py, PyArray1<T>>> {
    out.cast::<PyArray1<T>>().ok().cloned()
}
