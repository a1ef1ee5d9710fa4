//! The files that pages load: embedded, so that nothing comes from elsewhere. A browser keeps a file as long as its tag is
//! the same; the tag is made from the content, so all instances of a version agree.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

struct Asset {
    path: &'static str,
    content_type: &'static str,
    content: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            path: concat!("/board/assets/", $name),
            content_type: $content_type,
            content: include_bytes!(concat!("../../assets/", $name)),
        }
    };
}

static ASSETS: [Asset; 6] = [
    asset!("board.css", "text/css; charset=utf-8"),
    asset!("board.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("vendor/htmx.min.js", "text/javascript; charset=utf-8"),
    asset!("vendor/htmx-ext-sse.min.js", "text/javascript; charset=utf-8"),
    asset!("vendor/idiomorph-ext.min.js", "text/javascript; charset=utf-8"),
];

/// The files.
pub(super) fn routes() -> Router {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let tag = asset.tag();
        router.route(asset.path, get(move |headers: HeaderMap| std::future::ready(asset.answer(&tag, &headers))))
    })
}

impl Asset {
    fn tag(&self) -> String {
        // Its keys are fixed: the same bytes have the same tag in each process of this build.
        let mut hasher = DefaultHasher::new();
        self.content.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }

    fn answer(&self, tag: &str, headers: &HeaderMap) -> Response {
        let same = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let about = [
            (header::ETAG, tag),
            (header::CACHE_CONTROL, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CONTENT_TYPE, self.content_type),
        ];
        if same { (StatusCode::NOT_MODIFIED, about).into_response() } else { (about, self.content).into_response() }
    }
}
