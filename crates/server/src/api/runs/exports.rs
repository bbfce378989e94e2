//! Runs as a file: the filters of the list, streamed page by page.

use crate::{
    api::runs::{
        handlers::{RunsQuery, filter},
        view::run_summaries,
    },
    app::App,
    auth::Caller,
    http::{
        extract::{Query, invalid_parameter},
        problem::ApiResult,
    },
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_api::{RunSummary, WaitingFor};
use countersign_store::{Cursor, PAGE_MAX, PageRequest, RunFilter};
use futures::stream;
use serde::Deserialize;
use serde_json::json;
use std::fmt::Write;
use utoipa::IntoParams;

/// Runs one export holds at most.
const RUNS_MAX: usize = 1_000_000;
/// Columns of the CSV.
const COLUMNS: [&str; 17] = [
    "id",
    "workflow",
    "workflow_id",
    "version",
    "status",
    "step",
    "waiting_for",
    "title",
    "trigger",
    "customer",
    "customer_id",
    "started_at",
    "updated_at",
    "ended_at",
    "duration_ms",
    "error_code",
    "error_message",
];

/// In which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportFormat {
    /// `csv` or `json`; csv when absent.
    format: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

/// Where an export is.
struct Export {
    app: App,
    workspace: String,
    filter: RunFilter,
    format: Format,
    /// `None` before the first page.
    begun: bool,
    next: Option<Cursor>,
    written: usize,
    ended: bool,
}

impl Export {
    /// The next piece of the file.
    async fn piece(&mut self) -> ApiResult<String> {
        let mut text = String::new();
        if !self.begun {
            text.push_str(&match self.format {
                Format::Csv => COLUMNS.join(",") + "\r\n",
                Format::Json => "[".to_owned(),
            });
            self.begun = true;
        }
        let page = PageRequest { after: self.next.take(), limit: PAGE_MAX };
        let page = self.app.store.page_runs(&self.workspace, &self.filter, &page).await?;
        let room = RUNS_MAX - self.written;
        for run in run_summaries(&self.app, &self.workspace, page.items).await?.iter().take(room) {
            match self.format {
                Format::Csv => csv_line(run, &mut text),
                Format::Json => {
                    text.push_str(if self.written > 0 { ",\n" } else { "\n" });
                    text.push_str(&serde_json::to_string(run).unwrap_or_default());
                }
            }
            self.written += 1;
        }
        self.next = page.next;
        self.ended = self.next.is_none() || self.written >= RUNS_MAX;
        if self.ended && self.format == Format::Json {
            text.push_str("\n]\n");
        }
        Ok(text)
    }
}

/// Runs as CSV or JSON, newest first, with the filters of the list; at most a million.
#[utoipa::path(get, path = "/runs/export", operation_id = "exportRuns", tag = "runs", params(ExportFormat, RunsQuery),
    responses((status = 200, description = "A file", body = String, content_type = "text/csv")))]
pub(crate) async fn export_runs(
    State(app): State<App>,
    caller: Caller,
    Query(form): Query<ExportFormat>,
    Query(query): Query<RunsQuery>,
) -> ApiResult<Response> {
    let (format, media_type, name) = match form.format.as_deref().unwrap_or("csv") {
        "csv" => (Format::Csv, "text/csv; charset=utf-8", "attachment; filename=\"runs.csv\""),
        "json" => (Format::Json, "application/json", "attachment; filename=\"runs.json\""),
        _ => return Err(invalid_parameter(Some("format"), "csv or json")),
    };
    let workspace = caller.workspace().to_owned();
    let filter = filter(&app, &workspace, &query).await?;
    let mut export = Export { app, workspace, filter, format, begun: false, next: None, written: 0, ended: false };
    // What is wrong with the first page is an answer of its own; later the file breaks off, which the client notices.
    let first = export.piece().await?;
    // What leaves the house is on the record, although a GET asks for it.
    let detail = json!({ "format": form.format.as_deref().unwrap_or("csv"), "filter": query.told() });
    let entry = caller.audit(export.app.now(), "runs.exported", "runs".to_owned(), detail);
    export.app.store.append_audit(caller.workspace(), vec![entry]).await?;
    let rest = stream::try_unfold(export, |mut export| async move {
        if export.ended {
            return Ok::<_, std::io::Error>(None);
        }
        let piece = export.piece().await.map_err(std::io::Error::other)?;
        Ok(Some((piece, export)))
    });
    let whole = futures::StreamExt::chain(stream::iter([Ok(first)]), rest);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok((headers, Body::from_stream(whole)).into_response())
}

fn csv_line(run: &RunSummary, out: &mut String) {
    let time = |at: Option<i64>| at.map(moment).unwrap_or_default();
    let customer = run.customer.as_ref();
    let took = run.ended_at.map(|ended| (ended - run.started_at).to_string()).unwrap_or_default();
    let fields: [&str; 17] = [
        &run.id,
        &run.workflow.name,
        &run.workflow.id,
        &run.version.to_string(),
        run.status.as_str(),
        run.step.as_deref().unwrap_or_default(),
        run.waiting_for.map(WaitingFor::as_str).unwrap_or_default(),
        &run.title,
        &run.trigger,
        customer.map(|customer| customer.name.as_str()).unwrap_or_default(),
        customer.map(|customer| customer.id.as_str()).unwrap_or_default(),
        &moment(run.started_at),
        &moment(run.updated_at),
        &time(run.ended_at),
        &took,
        run.error_code.as_deref().unwrap_or_default(),
        run.error_message.as_deref().unwrap_or_default(),
    ];
    for (index, field) in fields.into_iter().enumerate() {
        out.push_str(if index > 0 { "," } else { "" });
        csv_field(field, out);
    }
    out.push_str("\r\n");
}

fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|time| time.to_string()).unwrap_or_default()
}

/// One field by RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it.
fn csv_field(text: &str, out: &mut String) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n', ';']) || formula {
        let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
    } else {
        out.push_str(&text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_are_no_formulas() {
        for (text, field) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@x", "\"'@x\""),
            ("\t=1", "\"'\t=1\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            let mut out = String::new();
            csv_field(text, &mut out);
            assert_eq!(out, field);
        }
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
    }
}
