//! Every line of how Dispatch behaves, on a running system, over public interfaces only: `sh run-e2e.sh -p e2e`.

mod availability;
mod bad_messages;
mod bad_requests_to_assignment_service;
mod bad_requests_to_courier_service;
mod bad_requests_to_order_service;
#[cfg(feature = "browser")]
mod board_accessibility;
#[cfg(feature = "browser")]
mod board_assign;
#[cfg(feature = "browser")]
mod board_courier;
#[cfg(feature = "browser")]
mod board_events;
#[cfg(all(feature = "browser", feature = "processes"))]
mod board_first_look;
mod board_guards;
#[cfg(feature = "browser")]
mod board_injection;
#[cfg(feature = "browser")]
mod board_keyboard;
#[cfg(all(feature = "browser", feature = "processes"))]
mod board_messages;
#[cfg(feature = "browser")]
mod board_order;
#[cfg(all(feature = "browser", feature = "processes"))]
mod board_outages;
#[cfg(feature = "browser")]
mod board_overview;
#[cfg(feature = "browser")]
mod board_search;
#[cfg(feature = "processes")]
mod board_streams;
#[cfg(feature = "browser")]
mod board_tabs;
#[cfg(feature = "browser")]
mod board_times;
#[cfg(feature = "browser")]
mod board_zone;
mod capacity;
#[cfg(feature = "processes")]
mod dead_letters;
mod decisions;
mod envelope;
mod expand;
mod grpc;
mod history;
#[cfg(feature = "processes")]
mod leaving;
mod lifecycle;
mod lifecycle_by_events;
mod line;
mod lists;
mod load;
#[cfg(feature = "processes")]
mod logs;
mod manual;
mod metrics;
mod migrations;
mod moves;
mod operations;
#[cfg(feature = "processes")]
mod overload;
#[cfg(feature = "processes")]
mod peer_down;
mod rejection;
mod rejection_over_rest;
#[cfg(feature = "processes")]
mod replay;
mod rest_of_courier_service;
mod rest_of_order_service;
mod seed;
#[cfg(feature = "processes")]
mod shutdown;
mod stale_news;
#[cfg(feature = "processes")]
mod traces;
mod two_instances;
#[cfg(feature = "processes")]
mod upgrade;
mod waiting;
#[cfg(feature = "processes")]
mod window_and_ratio;
