//! One error for all handlers: a problem document.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_api::{Diagnostic, FieldError, Problem, TestResult, Workflow, closed_by};
use countersign_core::{
    log::Ending,
    run::{ClosedBy, FieldProblem, HeldDecision, Refusal},
};
use countersign_engine::EngineError;
use countersign_store::{CheckpointRow, Conflict, StoreError};

/// Media type of problem documents.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What a handler answers instead of its result.
#[derive(Debug)]
pub struct ApiError {
    problem: Box<Problem>,
    status: StatusCode,
    retry_after_seconds: Option<u32>,
}

/// Result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Problem { title, code, detail, .. } = &*self.problem;
        write!(f, "{title} ({code})")?;
        detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, title: &str) -> Self {
        let problem = Problem {
            kind: format!("urn:countersign:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            ..Problem::default()
        };
        Self { problem: Box::new(problem), status, retry_after_seconds: None }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found").detail(format!("{what} not found"))
    }

    /// What is wrong in one line, and where.
    pub(crate) fn told(self) -> (String, String) {
        let Problem { title, detail, pointer, .. } = *self.problem;
        (pointer.unwrap_or_default(), detail.unwrap_or(title))
    }

    pub(crate) fn unprocessable(code: &str, title: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, title)
    }

    /// A field of the request that makes no sense.
    pub(crate) fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        Self::unprocessable("invalid_request", "The request does not fit")
            .detail(message.clone())
            .pointer(pointer.clone())
            .errors(vec![FieldError { pointer, message }])
    }

    pub(crate) fn conflict(code: &str, title: &str) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once, try again").detail(detail).retry_after(1)
    }

    pub(crate) fn rate_limited(seconds: u32) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many tries, wait").retry_after(seconds.max(1))
    }

    /// A fault of ours: logged in full, told in general.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here")
            .detail("The log of the server says what.")
    }

    /// Stored data that cannot be read; everything else goes on.
    fn corrupt(detail: String) -> Self {
        tracing::error!(detail, "stored data cannot be read");
        let title = "What is stored about this cannot be read";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "corrupt_data", title).detail(detail)
    }

    pub(crate) fn already_decided(row: &CheckpointRow) -> Self {
        let by = crate::rows::decided_by(row);
        let title = "This is already decided";
        let mut error = Self::conflict("already_decided", title).detail(match &by {
            Some(by) => format!("already decided by {}", by.name),
            None => "already decided".to_owned(),
        });
        error.problem.outcome = crate::rows::outcome(row);
        error.problem.decided_by = by;
        error.problem.decided_at = row.decided_at;
        error
    }

    /// Who decided, how, and until when they can take it back.
    fn held(code: &str, title: &str, held: &HeldDecision) -> Self {
        let mut error = Self::conflict(code, title).detail(held.told());
        error.problem.outcome = Some(held.verdict.word().to_owned());
        error.problem.decided_by = Some(closed_by(&ClosedBy::Person { actor: held.by.clone() }));
        error.problem.decided_at = Some(held.at.0);
        error.problem.held_until = Some(held.until.0);
        error
    }

    /// A personal link with which nothing can be decided any more.
    pub(crate) fn link_over(row: &CheckpointRow) -> Self {
        let mut error = Self::new(StatusCode::GONE, "link_over", "Nothing can be decided with this link any more");
        error.problem.outcome = crate::rows::outcome(row);
        error.problem.decided_by = crate::rows::decided_by(row);
        error.problem.decided_at = row.decided_at;
        error
    }

    /// The document itself.
    pub(crate) fn into_problem(self) -> Problem {
        *self.problem
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after_seconds
    }

    /// Somebody or something else ended the run before.
    fn run_over(ending: &Ending) -> Self {
        let by = ending.by.as_ref().map(closed_by);
        let how = ending.status.tag();
        let mut error = Self::conflict("run_over", "The run is over").detail(match &by {
            Some(by) => format!("{how} by {}", by.name),
            None => how.to_owned(),
        });
        error.problem.outcome = Some(how.to_owned());
        error.problem.decided_by = by;
        error.problem.decided_at = Some(ending.at.0);
        error
    }

    /// A run that gave no output: the code is that of its error.
    pub(crate) fn run_failed(code: Option<String>) -> Self {
        let mut error = Self::unprocessable("run_failed", "The run gave no output");
        if let Some(code) = code {
            error.problem.code = code;
        }
        error
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.problem.detail = Some(detail.into());
        self
    }

    pub(crate) fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.problem.pointer = Some(pointer.into());
        self
    }

    pub(crate) fn position(mut self, line: usize, column: usize) -> Self {
        self.problem.line = u64::try_from(line).ok();
        self.problem.column = u64::try_from(column).ok();
        self
    }

    pub(crate) fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.problem.errors = Some(errors);
        self
    }

    pub(crate) fn diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Self {
        self.problem.diagnostics = Some(diagnostics);
        self
    }

    pub(crate) fn tests(mut self, tests: Vec<TestResult>) -> Self {
        self.problem.tests = Some(tests);
        self
    }

    pub(crate) fn current(mut self, workflow: Workflow) -> Self {
        self.problem.current = Some(Box::new(workflow));
        self
    }

    /// The refusal in a sentence.
    pub(crate) fn for_people(&self) -> String {
        self.problem.detail.clone().unwrap_or_else(|| self.problem.title.clone())
    }

    fn offered(mut self, offered: Vec<String>) -> Self {
        self.problem.offered = Some(offered);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Stable short name.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.problem.code
    }
}

pub(crate) fn field_errors(problems: Vec<FieldProblem>) -> Vec<FieldError> {
    problems.into_iter().map(|problem| FieldError { pointer: problem.pointer, message: problem.message }).collect()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Conflict> for ApiError {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::RunMoved { .. } => {
                Self::conflict("run_moved", "The run moved on meanwhile").detail(conflict.to_string()).retry_after(1)
            }
            Conflict::AlreadyDecided(row) => Self::already_decided(&row),
            Conflict::DraftChanged { revision } => draft_changed(revision),
            Conflict::ActiveChanged { active } => {
                Self::conflict("active_changed", "Another version became active meanwhile").detail(match active {
                    Some(version) => format!("version {version} is active now"),
                    None => "no version is active now".to_owned(),
                })
            }
            Conflict::ConnectorChanged { revision } => connector_changed(match revision {
                Some(revision) => format!("revision {revision} was put in meanwhile"),
                None => "it was taken out meanwhile".to_owned(),
            }),
            Conflict::PointerMoved { .. } | Conflict::InboundDone { .. } => Self::busy(conflict.to_string()),
            Conflict::MessagesSince => Self::conflict("messages_since", "The customer wrote meanwhile")
                .detail("They wrote after what you saw of the conversation: read it, then put it aside."),
            Conflict::LastAdmin => Self::conflict("last_admin", "Somebody must stay administrator"),
            Conflict::SetUpElsewhere => {
                let title = "This person has not set up their account yet";
                Self::conflict("set_up_elsewhere", title).detail(
                    "They were invited to another workspace. Once they have used that link they can be added here.",
                )
            }
            Conflict::InUse(_) => Self::conflict("in_use", "This is in use").detail(conflict.to_string()),
        }
    }
}

/// The draft is not at the revision of `If-Match`.
pub(crate) fn draft_changed(revision: u64) -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_FAILED, "draft_changed", "Somebody else saved this draft")
        .detail(format!("the draft is at revision {revision}"))
}

/// What would be put in, or what it would replace, is not what a person looked at.
pub(crate) fn connector_changed(detail: String) -> ApiError {
    ApiError::conflict("connector_changed", "Changed since you looked").detail(detail)
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(conflict) => conflict.into(),
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::AlreadyExists(what) => {
                Self::conflict("already_exists", "This exists already").detail(format!("{what} already exists"))
            }
            StoreError::Busy(detail) => Self::busy(detail),
            // The log has it once, from the store.
            StoreError::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", "The disk is full"),
            StoreError::ReadOnly => {
                let title = "The database is read-only";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database_read_only", title).retry_after(5)
            }
            StoreError::DiskFailed(_) => {
                let title = "The disk of the database fails";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "disk_failed", title).retry_after(5)
            }
            StoreError::Corrupt(detail) => Self::corrupt(detail),
            StoreError::TooNew { .. }
            | StoreError::TooOld { .. }
            | StoreError::InUse { .. }
            | StoreError::Config(_)
            | StoreError::Other(_) => Self::internal(error),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::NotAnApprover(_) => {
                Self::new(StatusCode::FORBIDDEN, "not_an_approver", "You may not decide this").detail(detail)
            }
            Refusal::NotOffered { offered, .. } => {
                Self::unprocessable("outcome_not_offered", "This outcome is not offered")
                    .detail(detail)
                    .pointer("/outcome")
                    .offered(offered)
            }
            Refusal::InvalidForm { problems } => {
                Self::unprocessable("invalid_form", "The answers do not fit the form").errors(field_errors(problems))
            }
            Refusal::Held(held) => Self::held("decision_held", "This is decided, and can still be taken back", &held),
            Refusal::HeldNoMore(held) => Self::held("held_no_more", "The time to take it back is over", &held),
            Refusal::StepUp { .. } => {
                Self::new(StatusCode::FORBIDDEN, "step_up_needed", "This takes your password").detail(detail)
            }
            Refusal::NoStepUp => {
                Self::new(StatusCode::FORBIDDEN, "key_cannot_step_up", "This takes a person's password").detail(detail)
            }
            Refusal::NothingHeld => Self::conflict("nothing_held", "There is nothing to take back").detail(detail),
            Refusal::NotTheirs(held) => {
                let mut error = Self::held("not_the_decider", "Only who decided takes it back", &held).detail(detail);
                error.status = StatusCode::FORBIDDEN;
                error.problem.status = StatusCode::FORBIDDEN.as_u16();
                error
            }
            Refusal::ShownAnother => {
                Self::conflict("shown_changed", "What is to be decided was changed").detail(detail).pointer("/shown")
            }
            Refusal::CommentNeeded(_) => {
                Self::unprocessable("comment_needed", "This takes a comment").detail(detail).pointer("/comment")
            }
            Refusal::RunOver => Self::conflict("run_over", "The run is over").detail(detail),
            Refusal::Stale => Self::conflict("stale", "The run does not wait for this any more").detail(detail),
            Refusal::NotRetryable(_) => Self::conflict("not_retryable", "This run cannot be retried").detail(detail),
            Refusal::WouldRepeat { repeats } => {
                let title = "Something that was done could be done again";
                let mut refused = Self::conflict("would_repeat", title).detail(detail);
                refused.problem.repeats = Some(repeats);
                refused
            }
            Refusal::NotMovable(_) => Self::conflict("not_movable", "This run cannot be moved").detail(detail),
            Refusal::AlreadyStarted | Refusal::NotStarted | Refusal::NotDue => {
                Self::conflict("run_moved", "The run moved on meanwhile").detail(detail).retry_after(1)
            }
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(what) => Self::not_found(what),
            EngineError::NotCurrent(version) => {
                let detail = format!("version {version} is neither the active nor the ramped one: a builder starts it");
                Self::new(StatusCode::FORBIDDEN, "forbidden", "You may not do this").detail(detail)
            }
            off @ EngineError::TriggerOff(_) => {
                Self::conflict("trigger_off", "Starts of this workflow are switched off").detail(off.to_string())
            }
            EngineError::NotPublished => Self::conflict("not_published", "This workflow has no published version"),
            EngineError::AlreadyDecided(row) => Self::already_decided(&row),
            EngineError::RunOver(ending) => Self::run_over(&ending),
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::InvalidInput(problems) => {
                Self::unprocessable("invalid_input", "The input does not fit the workflow")
                    .errors(field_errors(problems))
            }
            no_account @ EngineError::NoAccount { .. } => {
                let title = "Choose the account that the call goes through";
                Self::unprocessable("connection_choice", title).detail(no_account.to_string()).pointer("/connection")
            }
            EngineError::KeyReused => key_reused(),
            EngineError::Busy => Self::busy("the engine has as much work as it takes"),
            EngineError::Store(error) => error.into(),
            EngineError::Corrupt(detail) => Self::corrupt(detail),
            EngineError::Unverified(detail) => {
                Self::new(StatusCode::UNAUTHORIZED, "unverified", "The signature is not good").detail(detail)
            }
            EngineError::Invalid(detail) => {
                Self::unprocessable("invalid_request", "This cannot be done").detail(detail)
            }
        }
    }
}

/// An `Idempotency-Key` that was used for another request.
pub(crate) fn key_reused() -> ApiError {
    ApiError::unprocessable("idempotency_key_reused", "This Idempotency-Key belongs to another request")
        .pointer("Idempotency-Key")
}
