//! What every REST API of Dispatch shares: one form of error ([`problem`]), of page ([`page`]) and of strict input
//! ([`extract`]), one bound on what is taken on ([`load`]), a
//! span and a time for each request, and the way routes become an API with its documentation
//! ([`api`]).

pub mod api;
mod body;
pub mod extract;
pub mod load;
mod observe;
pub mod page;
pub mod problem;

pub use self::{
    extract::{Json, Path, Query},
    load::Limits,
    observe::{Trace, observed},
    page::{Cursor, Page, PageRequest},
    problem::Problem,
};
