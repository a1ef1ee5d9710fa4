//! What shows that a form was filled in on our own page: a secret that the browser has as a cookie and the form as a field, and that
//! no other site can read. Both are compared; no instance has to remember anything. Besides, browsers say where a
//! request comes from, and one from elsewhere is refused whatever it carries.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use uuid::Uuid;

const COOKIE: &str = "dispatch-board";

/// The secret of a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    text: String,
    is_new: bool,
}

impl Token {
    /// The one that the browser has, or a new one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        match known(headers) {
            Some(token) => Self { text: token.to_string(), is_new: false },
            None => Self { text: Uuid::new_v4().to_string(), is_new: true },
        }
    }

    /// For the field of a form.
    pub(super) fn field(&self) -> &str {
        &self.text
    }

    /// Gives it to the browser where it has none. It is not for scripts, and not sent along from other sites.
    pub(super) fn cookie(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", self.text);
        if let Some(cookie) = HeaderValue::from_str(&cookie).ok().filter(|_| self.is_new) {
            headers.insert(header::SET_COOKIE, cookie);
        }
        headers
    }
}

/// Whether a form with this field was filled in on our page.
pub(super) fn is_ours(headers: &HeaderMap, field: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(&HeaderName::from_static("sec-fetch-site"));
    let is_from_here = match (site, text(&header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        // A browser that says nothing of the site says at least the origin; a reverse proxy keeps the host.
        (None, Some(origin)) => origin.split_once("://").map(|(_, authority)| authority) == text(&header::HOST),
        (None, None) => true,
    };
    // Ids are random, and compared as numbers: how long that takes says nothing of how much of it is right.
    is_from_here && known(headers).is_some_and(|token| Uuid::try_parse(field).is_ok_and(|field| field == token))
}

fn known(headers: &HeaderMap) -> Option<Uuid> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| Uuid::try_parse(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0b1c6a39-8f3e-4d43-b29c-3a4b30d8d1c7";
    const OTHER: &str = "5a5d9b1e-2222-4d43-b29c-3a4b30d8d1c7";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().expect("a name");
                (name, HeaderValue::from_str(value).expect("a value"))
            })
            .collect()
    }

    #[test]
    fn the_field_must_be_what_the_browser_has() {
        let cookie = format!("theme=dark; dispatch-board={SECRET}");
        let browser = headers(&[("cookie", &cookie)]);
        assert!(is_ours(&browser, SECRET));
        for field in [OTHER, "", "x"] {
            assert!(!is_ours(&browser, field), "{field:?}");
        }
        assert!(!is_ours(&headers(&[]), SECRET), "no cookie");
        assert!(!is_ours(&headers(&[("cookie", "dispatch-board=")]), ""), "an empty secret is none");
    }

    #[test]
    fn what_comes_from_elsewhere_is_refused_even_with_the_secret() {
        let cookie = format!("dispatch-board={SECRET}");
        for (name, value, ours) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "none", false),
            ("origin", "http://localhost:9325", true),
            ("origin", "http://localhost:8000", false),
            ("origin", "null", false),
        ] {
            let request = headers(&[("cookie", &cookie), ("host", "localhost:9325"), (name, value)]);
            assert_eq!(is_ours(&request, SECRET), ours, "{name}: {value}");
        }
    }

    #[test]
    fn a_browser_keeps_its_secret() {
        let first = Token::of(&headers(&[]));
        let cookie = first.cookie()[header::SET_COOKIE].to_str().expect("text").to_owned();
        assert!(cookie.ends_with("HttpOnly; SameSite=Strict"), "{cookie}");
        let again = Token::of(&headers(&[("cookie", cookie.split(';').next().expect("a pair"))]));
        assert_eq!((again.field(), again.cookie().len()), (first.field(), 0));
    }
}
