//! The days of the event log: each is a table of its own, made ahead and dropped as a whole when it is too old.
//!
//! Logging does not depend on it: what no day was made for goes into `event_log_default`.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{Facts, FactsError};

/// Days made ahead, today included.
const AHEAD: u64 = 8;
/// Rows deleted at a time where a table cannot be dropped.
const STEP: i64 = 5_000;

impl Facts {
    /// The day that the database has, in UTC.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn today(&self) -> Result<NaiveDate, FactsError> {
        Ok(sqlx::query_scalar("SELECT (now() AT TIME ZONE 'UTC')::date").fetch_one(&self.pool).await?)
    }

    /// Makes the days that are missing, from this one on; answers which. A day that other rows are in the way of, because it
    /// was not made in time, is not made at all.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or the log was in use all the time; it may be repeated.
    pub async fn make_log_days(&self, today: NaiveDate) -> Result<Vec<NaiveDate>, FactsError> {
        let parts = parts(&mut *self.pool.acquire().await?).await?;
        let mut made = Vec::new();
        for day in today.iter_days().take(AHEAD as usize) {
            if parts.iter().any(|part| part.last_day == day || (part.is_first && part.last_day > day)) {
                continue;
            }
            match self.make(day).await {
                Ok(is_new) => made.extend(is_new.then_some(day)),
                Err(FactsError::Database(sqlx::Error::Database(error))) if error.is_check_violation() => {
                    tracing::warn!(%day, "the log has lines of a day that is made only now; they stay where they are");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }

    /// Answers whether nobody was faster.
    async fn make(&self, day: NaiveDate) -> Result<bool, FactsError> {
        let (name, next) = (day.format("event_log_%Y%m%d").to_string(), day.succ_opt().unwrap_or(day));
        let mut transaction = self.begin().await?;
        sqlx::raw_sql(include_str!("sql/lock_log_days.sql")).execute(&mut *transaction).await?;
        let is_there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(&name).fetch_one(&mut *transaction).await?;
        if is_there {
            return Ok(false);
        }
        // Made apart and then attached, which holds up nobody who writes. Names and dates are letters and digits.
        let sql = format!(
            "CREATE TABLE {name} (LIKE event_log INCLUDING DEFAULTS);
             ALTER TABLE event_log ATTACH PARTITION {name} FOR VALUES FROM ('{day} 00:00:00+00') TO ('{next} 00:00:00+00')"
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Drops the days before this one; answers the last days of the tables that went.
    ///
    /// # Errors
    /// PostgreSQL does not answer, or the log was in use all the time; it may be repeated.
    pub async fn drop_log_before(&self, day: NaiveDate) -> Result<Vec<NaiveDate>, FactsError> {
        let mut dropped = Vec::new();
        let parts = parts(&mut *self.pool.acquire().await?).await?;
        for part in parts.into_iter().filter(|part| part.last_day < day) {
            let mut transaction = self.begin().await?;
            sqlx::raw_sql(include_str!("sql/lock_log_days.sql")).execute(&mut *transaction).await?;
            let sql = format!("DROP TABLE IF EXISTS {}", part.name);
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
            transaction.commit().await?;
            dropped.push(part.last_day);
        }
        let start = day.and_hms_opt(0, 0, 0).map(|start| start.and_utc()).unwrap_or_default();
        self.delete_in_steps(include_str!("sql/prune_default_log.sql"), start).await?;
        Ok(dropped)
    }

    /// Forgets which events were heard of before: a redelivery of these would stand in the log a second time.
    ///
    /// # Errors
    /// PostgreSQL does not answer; it may be repeated.
    pub async fn forget_heard_before(&self, before: DateTime<Utc>) -> Result<(), FactsError> {
        self.delete_in_steps(include_str!("sql/prune_heard_events.sql"), before).await
    }

    /// The first day of which the whole log is there; nothing: nothing was dropped yet.
    ///
    /// # Errors
    /// PostgreSQL does not answer.
    pub async fn log_begins(&self) -> Result<Option<NaiveDate>, FactsError> {
        log_begins(&mut *self.pool.acquire().await?).await
    }

    async fn delete_in_steps(&self, sql: &'static str, before: DateTime<Utc>) -> Result<(), FactsError> {
        while sqlx::query(sql).bind(before).bind(STEP).execute(&self.pool).await?.rows_affected() == STEP as u64 {}
        Ok(())
    }
}

/// The first day of which the whole log is there; nothing: nothing was dropped yet.
pub(super) async fn log_begins(connection: &mut PgConnection) -> Result<Option<NaiveDate>, FactsError> {
    let parts = parts(connection).await?;
    if parts.iter().any(|part| part.is_first) {
        return Ok(None);
    }
    Ok(parts.iter().map(|part| part.last_day).min())
}

/// In the order of their days.
async fn parts(connection: &mut PgConnection) -> Result<Vec<Part>, FactsError> {
    let names: Vec<String> = sqlx::query_scalar(include_str!("sql/log_parts.sql")).fetch_all(connection).await?;
    let mut parts: Vec<Part> = names.into_iter().filter_map(Part::read).collect();
    parts.sort_by_key(|part| part.last_day);
    Ok(parts)
}

/// A table of the log.
struct Part {
    name: String,
    last_day: NaiveDate,
    /// It has everything until its day, not just that day.
    is_first: bool,
}

impl Part {
    /// Nothing for the one that takes what no day was made for.
    fn read(name: String) -> Option<Self> {
        let (rest, day) = name.rsplit_once('_')?;
        let last_day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
        let is_first = rest == "event_log_until";
        Some(Self { last_day, is_first, name })
    }
}

/// The day so many days before.
#[must_use]
pub fn days_before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}
