//! What is known of the rows of a block beside their scores, as arrays.

use crate::array::slice;
use crate::border::{type_error, value_error};
use crate::labels::{Labels, rows_of_bytes};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use shortlist_core::select::{Groups, Rows as Described};

/// The arrays that describe the rows of a block.
#[derive(Default)]
pub(crate) struct Description<'py> {
    pub(crate) first_id: u64,
    pub(crate) ids: Option<PyReadonlyArray1<'py, i64>>,
    pub(crate) exclude: Option<Mask<'py>>,
    pub(crate) groups: Option<Codes<'py>>,
}

/// The groups of rows: their codes, or their labels as rows of bytes with all labels that there
/// are.
#[derive(FromPyObject)]
pub(crate) enum Codes<'py> {
    Codes(PyReadonlyArray1<'py, u32>),
    Labels(PyReadonlyArray2<'py, u8>, Py<Labels>),
}

impl Codes<'_> {
    fn groups(&self) -> PyResult<Groups<'_>> {
        Ok(match self {
            Codes::Codes(codes) => Groups::Codes(codes.as_slice()?),
            Codes::Labels(labels, known) => {
                let ((bytes, width), known) = (rows_of_bytes(labels)?, &known.get().core);
                if width != known.width() {
                    let accepted = known.width();
                    return Err(value_error(format!("groups has labels of {width} bytes; accepted are {accepted}")));
                }
                Groups::Labels(bytes, known)
            }
        })
    }
}

/// A NumPy array of bool, as the bytes it is made of: they need not be 0 and 1, which Rust's `bool`
/// must be.
pub(crate) struct Mask<'py>(PyReadonlyArray1<'py, u8>);

impl Mask<'_> {
    pub(crate) fn bytes(&self) -> PyResult<&[u8]> {
        Ok(self.0.as_slice()?)
    }
}

impl<'py> FromPyObject<'_, 'py> for Mask<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyArray1<bool>>().is_err() {
            let came = object.get_type().name()?;
            return Err(type_error(format!("exclude is a {came}; accepted is a one-dimensional array of bool")));
        }
        Ok(Mask(object.call_method1("view", ("uint8",))?.extract()?))
    }
}

impl Description<'_> {
    pub(crate) fn rows(&self) -> PyResult<Described<'_>> {
        Ok(Described {
            first_id: self.first_id,
            ids: slice(&self.ids)?,
            exclude: self.exclude.as_ref().map(Mask::bytes).transpose()?,
            groups: self.groups.as_ref().map(Codes::groups).transpose()?,
        })
    }
}
