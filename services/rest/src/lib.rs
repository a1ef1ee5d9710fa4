//! What every REST API of Dispatch shares: one form of error ([`problem`]), of page ([`page`]) and of strict input
//! ([`extract`]), and the way routes become an API with its documentation ([`api`]).

pub mod api;
mod body;
pub mod extract;
pub mod page;
pub mod problem;

pub use self::{
    extract::{Json, Path, Query},
    page::{Cursor, Page, PageRequest},
    problem::Problem,
};
