//! Every line of how Dispatch behaves, on a running system, over public interfaces only: `sh run-e2e.sh -p e2e`.

mod availability;
mod envelope;
mod load;
mod moves;
mod seed;
mod stale_news;
mod waiting;
