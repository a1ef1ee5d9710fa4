//! What keeps the board from harm: the headers of its pages, and what a request that writes has to bring.

use anyhow::{Context as _, Result};
use e2e::{Answer, World, events};
use reqwest::{Client, Method, header, redirect::Policy};
use uuid::Uuid;

/// The secret that a browser is given with a page that has a form, as its cookie and as the form's field.
async fn token(world: &World, order: Uuid) -> Result<(String, String)> {
    let page = world.assignments().get(&format!("/board/orders/{order}")).await?;
    assert_eq!(page.status, 200);
    let cookie = page.header("set-cookie").split(';').next().context("a cookie")?.to_owned();
    let field = page.body.split("name=\"token\" value=\"").nth(1).context("a field")?;
    Ok((cookie, field.split('"').next().context("its value")?.to_owned()))
}

/// Sends the form of an order with these headers, and goes nowhere from there.
async fn send(world: &World, order: Uuid, form: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let client = Client::builder().no_proxy().redirect(Policy::none()).build()?;
    let request = client.post(format!("{}/board/orders/{order}/assign", world.board()));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned());
    Answer::to(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test]
async fn each_page_forbids_what_it_does_not_need() -> Result<()> {
    let world = World::new().await?;
    let id = Uuid::new_v4();
    for (path, status) in [
        ("/".to_owned(), 200),
        (format!("/board/zones/{}", world.zone), 200),
        (format!("/board/orders/{id}"), 200),
        (format!("/board/couriers/{id}"), 200),
        ("/board/events".to_owned(), 200),
        (format!("/board/search?q={id}"), 404),
        ("/board/orders/a".to_owned(), 404),
    ] {
        let page = world.assignments().get(&path).await?;
        assert_eq!((page.status, page.header("content-type")), (status, "text/html; charset=utf-8"), "{path}");
        let policy = page.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.split("; ").any(|known| known == rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin"), ("cache-control", "no-store")]
        {
            assert_eq!(page.header(name), value, "{path}: {name}");
        }
        let inline = ["<script>", "<style", " style=", " onclick=", "javascript:", "http://", "https://"];
        let body = page.body.replace("http://www.w3.org", "");
        assert!(inline.iter().all(|text| !body.contains(text)), "{path}: {body}");
    }
    // The files have a tag, and are not sent again to whoever has them.
    let page = world.assignments().get("/").await?.body;
    let files: Vec<&str> = page.split('"').filter(|text| text.starts_with("/board/assets/")).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let answer = world.assignments().get(file).await?;
        assert_eq!((answer.status, answer.header("x-content-type-options")), (200, "nosniff"), "{file}");
        let tag = answer.header("etag");
        assert!(!tag.is_empty(), "{file}");
        let again = world.assignments().request(Method::GET, file).header(header::IF_NONE_MATCH, tag);
        assert_eq!(Answer::to(again).await?.status, 304, "{file}");
    }
    Ok(())
}

#[tokio::test]
async fn what_was_not_filled_in_on_our_own_page_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let order = world.publish_order().await?;
    world.waits(order).await?;
    let courier = Uuid::new_v4();
    world.publish(&events::courier(courier, &world.zone, false)).await?;
    world.availability(courier, false).await?;
    let (cookie, token) = token(&world, order).await?;
    let other = Uuid::new_v4();
    let form = |token: &str| format!("token={token}&courierId={courier}&force=true");
    let (good, own) = (form(&token), ("cookie", cookie.as_str()));
    let refused = [
        ("no token and no cookie", format!("courierId={courier}&force=true"), vec![]),
        ("no token", format!("courierId={courier}&force=true"), vec![own]),
        ("an empty token", form(""), vec![own]),
        ("a wrong token", form(&other.to_string()), vec![own]),
        ("no cookie", good.clone(), vec![]),
        ("from another site", good.clone(), vec![own, ("sec-fetch-site", "cross-site")]),
        ("from another service of this site", good.clone(), vec![own, ("sec-fetch-site", "same-site")]),
        ("from another origin", good.clone(), vec![own, ("origin", "http://127.0.0.1:1")]),
        ("from a sandbox", good.clone(), vec![own, ("origin", "null")]),
    ];
    for (what, form, headers) in refused {
        let answer = send(&world, order, &form, &headers).await?;
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
        assert!(answer.body.contains("This did not come from the board"), "{what}: {answer:?}");
    }
    for (what, form, status) in [
        ("no courier", format!("token={token}"), 400),
        ("no id", format!("token={token}&courierId=a"), 400),
        ("an endless form", format!("{good}&more={}", "a".repeat(5_000)), 400),
        ("nobody", format!("token={token}&courierId={other}"), 409),
    ] {
        let answer = send(&world, order, &form, &[own]).await?;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{what}");
    }
    world.waits(order).await?;
    assert_eq!(world.load(courier).await?.map(|load| load.open_orders), Some(0));

    // The same, from our page: it is the guard that refused, and not the form that was wrong.
    let answer = send(&world, order, &good, &[own, ("sec-fetch-site", "same-origin")]).await?;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("location"), format!("/board/orders/{order}?done=assigned"));
    world.stands(order, "assigned", Some(courier)).await?;
    world.nothing_dead().await
}

#[cfg(feature = "processes")]
mod of_a_process_of_its_own {
    use e2e::{Cell, events::POISON};
    use test_support::{ServiceProcess, queues::Depth};

    use super::*;

    /// Sends a form to a path, from our own page as far as cookie and token go.
    async fn send(process: &ServiceProcess, path: &str, token: Option<Uuid>, form: &str) -> Result<Answer> {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build()?;
        let secret = Uuid::new_v4();
        let form = format!("token={}&{form}", token.unwrap_or(secret));
        let request = client.post(format!("{}{path}", process.http)).body(form);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Answer::to(request.header(header::COOKIE, format!("dispatch-board={secret}"))).await
    }

    #[tokio::test]
    async fn dead_letters_stay_where_they_are_unless_it_is_meant() -> Result<()> {
        let cell = Cell::new().await?;
        let process = cell.start_assignment_service().await?;
        let queue = &cell.courier_events;
        queue.sqs.send_message().queue_url(&queue.dlq_url).message_body(POISON).send().await?;
        let (one, foreign) = (Depth { visible: 1, ..Depth::EMPTY }, Some(Uuid::new_v4()));
        let form = format!("queue={}", queue.name);
        for (what, path, token, form, status) in [
            ("a foreign token", "redrive", foreign, format!("{form}&sure=yes"), 403),
            ("a foreign token", "purge", foreign, format!("{form}&sure=yes"), 403),
            ("not sure", "redrive", None, form.clone(), 400),
            ("not sure", "purge", None, form.clone(), 400),
            ("no queue", "purge", None, "sure=yes".to_owned(), 400),
            ("a queue of others", "redrive", None, "queue=events-queue&sure=yes".to_owned(), 404),
            ("a queue of others", "purge", None, "queue=events-queue&sure=yes".to_owned(), 404),
            ("no such queue", "purge", None, "queue=nobodys&sure=yes".to_owned(), 404),
        ] {
            let answer = send(&process, &format!("/board/messages/{path}"), token, &form).await?;
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            assert_eq!(test_support::queues::depth(&queue.sqs, &queue.dlq_url).await?, one, "{what}");
        }
        // It was the guards that refused.
        let answer = send(&process, "/board/messages/purge", None, &format!("{form}&sure=yes")).await?;
        assert_eq!(answer.status, 303, "{answer:?}");
        assert_eq!(answer.header("location"), format!("/board/messages?{form}&done=purged"));
        assert_eq!(test_support::queues::depth(&queue.sqs, &queue.dlq_url).await?, Depth::EMPTY);
        process.stop().await
    }

    #[tokio::test]
    async fn where_actions_are_off_there_are_no_forms_and_nobody_takes_one() -> Result<()> {
        let cell = Cell::new().await?;
        let process = cell.start_assignment_service_with(&[("BOARD_ACTIONS", "off")]).await?;
        let queue = &cell.events;
        queue.sqs.send_message().queue_url(&queue.dlq_url).message_body(POISON).send().await?;
        let (order, messages) = (Uuid::new_v4(), format!("/board/messages?queue={}", queue.name));
        let client = Client::builder().no_proxy().build()?;
        for path in [format!("/board/orders/{order}"), messages] {
            let page = Answer::to(client.get(format!("{}{path}", process.http))).await?;
            assert_eq!(page.status, 200, "{path}");
            assert!(!page.body.contains("method=\"post\"") && !page.body.contains("token"), "{page:?}");
            assert_eq!(page.body.matches("<button").count(), 1, "that of the search: {page:?}");
        }
        for (path, form) in [
            (format!("/board/orders/{order}/assign"), format!("courierId={order}")),
            ("/board/messages/redrive".to_owned(), format!("queue={}&sure=yes", queue.name)),
            ("/board/messages/purge".to_owned(), format!("queue={}&sure=yes", queue.name)),
        ] {
            let answer = send(&process, &path, None, &form).await?;
            assert!([404, 405].contains(&answer.status), "{path}: {answer:?}");
        }
        let left = test_support::queues::depth(&queue.sqs, &queue.dlq_url).await?;
        assert_eq!(left, Depth { visible: 1, ..Depth::EMPTY });
        process.stop().await
    }
}
