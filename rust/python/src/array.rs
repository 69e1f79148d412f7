//! NumPy arrays as matrices: the dtype dispatch, written once.

use crate::border::{type_error, value_error};
use half::{bf16, f16};
use numpy::{
    Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
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
    /// Borrow a two-dimensional array, called `name` in errors; `bfloat16` says that its 16-bit
    /// integers are that.
    pub(crate) fn borrow(x: &Bound<'py, PyAny>, name: &str, bfloat16: bool) -> PyResult<Self> {
        let Ok(array) = x.cast::<PyUntypedArray>() else {
            return Err(type_error(format!("{name} is a {}; accepted is a NumPy array", x.get_type().name()?)));
        };
        if array.ndim() != 2 {
            let came = array.ndim();
            return Err(value_error(format!("{name} has {came} dimensions; accepted are 2: (rows, columns)")));
        }
        if bfloat16 {
            if let Ok(array) = x.cast::<PyArray2<u16>>() {
                return Ok(Rows::Bf16(aligned(array, name)?));
            }
        } else if let Ok(array) = x.cast::<PyArray2<f32>>() {
            return Ok(Rows::F32(aligned(array, name)?));
        } else if let Ok(array) = x.cast::<PyArray2<f64>>() {
            return Ok(Rows::F64(aligned(array, name)?));
        } else if let Ok(array) = x.cast::<PyArray2<f16>>() {
            return Ok(Rows::F16(aligned(array, name)?));
        }
        let accepted = if bfloat16 { "uint16 with dtype=\"bfloat16\"" } else { "float16, float32 and float64" };
        Err(type_error(format!("{name} has dtype {}; accepted is {accepted}", array.dtype())))
    }

    /// Name of the dtype.
    fn dtype(&self) -> &'static str {
        match self {
            Rows::F16(_) => "float16",
            Rows::Bf16(_) => "bfloat16",
            Rows::F32(_) => "float32",
            Rows::F64(_) => "float64",
        }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        with_matrix!(self, |matrix| matrix.rows())
    }

    /// Number of columns, and bytes of all elements.
    pub(crate) fn size(&self) -> (usize, u64) {
        with_matrix!(self, |matrix| (matrix.columns(), matrix.bytes() as u64))
    }
}

/// The matrices of one array a member, in a list or tuple, all of one dtype.
pub(crate) struct Members<'py>(pub(crate) Vec<Rows<'py>>);

/// Evaluate `$body` with `$matrices` bound to a `Vec` of each member's [`Matrix`], of whichever
/// dtype they all have.
macro_rules! with_members {
    ($members:expr, |$matrices:ident| $body:expr) => {
        match $members.0.first() {
            Some($crate::array::Rows::F16(_)) => {
                let $matrices = $crate::array::matrices!($members, F16, half::f16);
                $body
            }
            Some($crate::array::Rows::Bf16(_)) => {
                let $matrices = $crate::array::matrices!($members, Bf16, half::bf16);
                $body
            }
            Some($crate::array::Rows::F32(_)) => {
                let $matrices = $crate::array::matrices!($members, F32, f32);
                $body
            }
            _ => {
                let $matrices = $crate::array::matrices!($members, F64, f64);
                $body
            }
        }
    };
}
pub(crate) use with_members;

macro_rules! matrices {
    ($members:expr, $dtype:ident, $element:ty) => {{
        let mut matrices = Vec::with_capacity($members.0.len());
        for rows in &$members.0 {
            if let $crate::array::Rows::$dtype(array) = rows {
                matrices.push($crate::array::matrix::<_, $element>(array));
            }
        }
        matrices
    }};
}
pub(crate) use matrices;

impl<'py> Members<'py> {
    /// Borrow a list or tuple of two-dimensional arrays.
    pub(crate) fn borrow(x: &Bound<'py, PyAny>, bfloat16: bool) -> PyResult<Self> {
        if x.cast::<PyList>().is_err() && x.cast::<PyTuple>().is_err() {
            let came = x.get_type().name()?;
            let accepted = "a list of one (rows, classes) array per member";
            return Err(type_error(format!("x is a {came}; accepted for a committee measure is {accepted}")));
        }
        let mut members: Vec<Rows<'py>> = Vec::new();
        for (i, member) in x.try_iter()?.enumerate() {
            let rows = Rows::borrow(&member?, &format!("x[{i}]"), bfloat16)?;
            if let Some(first) = members.first().filter(|first| first.dtype() != rows.dtype()) {
                let (came, accepted) = (rows.dtype(), first.dtype());
                return Err(type_error(format!("x[{i}] has dtype {came}; accepted is {accepted}, the dtype of x[0]")));
            }
            members.push(rows);
        }
        Ok(Members(members))
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.0.first().map_or(0, Rows::len)
    }
}

/// One array for each column, all of one dtype, each read as it lies.
pub(crate) enum Columns<'py> {
    F16(Vec<PyReadonlyArray1<'py, f16>>),
    F32(Vec<PyReadonlyArray1<'py, f32>>),
    F64(Vec<PyReadonlyArray1<'py, f64>>),
}

/// Evaluate `$body` with `$columns` bound to a slice of each column, of whichever dtype they have.
macro_rules! with_columns {
    ($arrays:expr, |$columns:ident| $body:expr) => {
        match $arrays {
            $crate::array::Columns::F16(arrays) => {
                let $columns = $crate::array::slices(arrays)?;
                $body
            }
            $crate::array::Columns::F32(arrays) => {
                let $columns = $crate::array::slices(arrays)?;
                $body
            }
            $crate::array::Columns::F64(arrays) => {
                let $columns = $crate::array::slices(arrays)?;
                $body
            }
        }
    };
}
pub(crate) use with_columns;

impl<'py> Columns<'py> {
    /// Borrow arrays of one dimension.
    pub(crate) fn borrow(arrays: &[Bound<'py, PyAny>]) -> PyResult<Self> {
        fn all<'py, T: Element>(arrays: &[Bound<'py, PyAny>]) -> Option<Vec<PyReadonlyArray1<'py, T>>> {
            arrays.iter().map(|array| array.cast::<PyArray1<T>>().ok()?.try_readonly().ok()).collect()
        }
        all(arrays)
            .map(Columns::F32)
            .or_else(|| all(arrays).map(Columns::F64))
            .or_else(|| all(arrays).map(Columns::F16))
            .ok_or_else(|| type_error("columns are not all of one dtype; accepted are float16, float32 and float64"))
    }

    /// Number of columns and of rows, and bytes of all elements.
    pub(crate) fn size(&self) -> PyResult<(usize, usize, u64)> {
        with_columns!(self, |columns| {
            let bytes = columns.iter().map(|column| size_of_val(*column) as u64).sum();
            Ok((columns.len(), columns.first().map_or(0, |column| column.len()), bytes))
        })
    }
}

/// Whether all items are arrays of the type of the first, and of its accepted dtype and number of
/// columns, to be read as they lie.
#[pyfunction]
pub(crate) fn alike(items: &Bound<'_, PyAny>) -> PyResult<bool> {
    let mut first = None;
    for item in items.try_iter()? {
        let item = item?;
        let Ok(rows) = Rows::borrow(&item, "x", false) else { return Ok(false) };
        let form = (item.get_type_ptr(), rows.dtype(), rows.size().0);
        if form.2 == 0 || *first.get_or_insert(form) != form {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The numbers of each array.
pub(crate) fn slices<'a, T: Element>(arrays: &'a [PyReadonlyArray1<'_, T>]) -> PyResult<Vec<&'a [T]>> {
    arrays.iter().map(|array| Ok(array.as_slice()?)).collect()
}

/// The numbers of an array, where there is one.
pub(crate) fn slice<'a, T: Element>(array: &'a Option<PyReadonlyArray1<'_, T>>) -> PyResult<Option<&'a [T]>> {
    Ok(array.as_ref().map(|array| array.as_slice()).transpose()?)
}

/// Borrow the features of labelled rows.
pub(crate) fn labelled<'py>(array: Option<&Bound<'py, PyArray2<f64>>>) -> PyResult<Option<PyReadonlyArray2<'py, f64>>> {
    array.map(|array| aligned(array, "labelled")).transpose()
}

fn aligned<'py, T: Element>(array: &Bound<'py, PyArray2<T>>, name: &str) -> PyResult<PyReadonlyArray2<'py, T>> {
    let size = size_of::<T>();
    // A stride that leads nowhere may be anything: of a single row of packed records it is their
    // size.
    let mut axes = array.shape().iter().zip(array.strides());
    let whole = axes.all(|(&length, stride)| length < 2 || stride % size as isize == 0);
    if !whole || !(array.data() as usize).is_multiple_of(size) {
        return Err(value_error(format!(
            "{name} is not aligned to its dtype; accepted is an aligned array (np.require({name}, requirements=\"A\"))"
        )));
    }
    array.try_readonly().map_err(|_| value_error(format!("{name} is being written to by another call")))
}

/// The array's memory as a matrix of `E`, a type of the same representation as `T`.
#[allow(unsafe_code)]
pub(crate) fn matrix<'a, T: Element, E: SameBits<T>>(array: &'a PyReadonlyArray2<'_, T>) -> Matrix<'a, E> {
    let size = size_of::<T>() as isize;
    let (shape, strides) = (array.shape(), array.strides());
    // SAFETY: NumPy vouches for every element of the shape; the array is borrowed for as long as
    // the matrix, aligned, and `E` has the representation of `T`.
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
