//! The dispatch board at `/` of assignment-service, most of it in a real browser.

#[cfg(feature = "browser")]
mod accessibility;
#[cfg(feature = "browser")]
mod assign;
#[cfg(feature = "browser")]
mod courier;
#[cfg(feature = "browser")]
mod events;
#[cfg(all(feature = "browser", feature = "processes"))]
mod first_look;
mod guards;
#[cfg(feature = "browser")]
mod injection;
#[cfg(feature = "browser")]
mod keyboard;
#[cfg(all(feature = "browser", feature = "processes"))]
mod messages;
#[cfg(feature = "browser")]
mod order;
#[cfg(all(feature = "browser", feature = "processes"))]
mod outages;
#[cfg(feature = "browser")]
mod overview;
#[cfg(feature = "browser")]
mod search;
#[cfg(feature = "processes")]
mod streams;
#[cfg(feature = "browser")]
mod tabs;
#[cfg(feature = "browser")]
mod times;
#[cfg(feature = "browser")]
mod zone;
