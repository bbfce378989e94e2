//! Who may do what: every operation of the API and the least role that may. The page of roles and rights is made from this,
//! and a test sends every operation as every role.

use countersign_store::Role;

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Least {
    /// Whoever knows the address: customers, and those who hold a link.
    Anyone,
    /// Members with this role or a higher one.
    Role(Role),
}

/// Who may do an operation; none when the table has forgotten it.
pub(crate) fn least(operation: &str) -> Option<Least> {
    let table = [
        (Least::Anyone, ANYONE),
        (Least::Role(Role::Viewer), VIEWER),
        (Least::Role(Role::Operator), OPERATOR),
        (Least::Role(Role::Builder), BUILDER),
        (Least::Role(Role::Admin), ADMIN),
    ];
    table.into_iter().find(|(_, operations)| operations.contains(&operation)).map(|(least, _)| least)
}

/// What it also takes, where the role alone does not decide.
pub(crate) fn also(operation: &str) -> Option<&'static str> {
    ALSO.iter().find(|(named, _)| *named == operation).map(|(_, also)| *also)
}

/// Without an account.
#[rustfmt::skip]
const ANYONE: &[&str] = &[
    "decideLink", "getChat", "getConnectorSchema", "getLink", "getWorkflowSchema", "keepChatFormDraft", "login",
    "sendChatMessage", "setUp", "startChat", "streamChat", "submitChatForm", "undoLink",
];

/// Whoever is signed in.
#[rustfmt::skip]
const VIEWER: &[&str] = &[
    "changePassword", "checkDocument", "countCheckpoints", "countConversations", "countRuns", "createDelegation",
    "createSavedView", "createStandingApproval", "decideCheckpoint", "decideCheckpoints", "deleteSavedView",
    "diffVersions", "endDelegation", "exportRuns", "exportTestCases", "getAction", "getCheckpoint", "getConnector",
    "getConversation", "getCustomer", "getDashboard", "getDraftYaml", "getMe", "getNotifications", "getRun",
    "getRunGraph", "getRunState", "getRunTestCase", "getVersion", "getWorkflow", "getWorkspace", "listActions", "listActivations",
    "listCannedReplies", "listChannelKinds", "listCheckpoints", "listConnectors", "listConversations", "listCustomers", "listDelegations", "listIdentities",
    "listInbound", "listNotes", "listOutbound", "listPeople", "listRights", "listRunEvents", "listRunPoints",
    "listRuns", "listSavedViews", "listStandingApprovals", "listStepSamples", "listTemplates", "listTestCases",
    "listTriggers", "listVersions", "listVisitRequests", "listWorkflows", "logout", "planRetry", "reassignCheckpoint",
    "releaseCheckpoint", "revokeStandingApproval", "setNotifications", "streamEvents", "takeCheckpoint",
    "testNotification", "undoDecision", "updateSavedView",
];

/// From operators on.
#[rustfmt::skip]
const OPERATOR: &[&str] = &[
    "assignConversation", "bulkRuns", "cancelRun", "closeConversation", "createCustomer", "createNote",
    "evaluateInRun", "fillCannedReplies", "markAnswered", "mergeCustomers", "previewMerge", "replayInbound", "retryRun", "sendMessage", "setConsent", "snoozeConversation",
    "startRun", "undoMerge", "updateCustomer", "wakeConversation",
];

/// From builders on.
#[rustfmt::skip]
const BUILDER: &[&str] = &[
    "archiveWorkflow", "backtestWorkflow", "callInRehearsal", "changeTrigger", "createTestCase", "createWorkflow",
    "deleteTestCase", "endRamp", "evaluate", "forkDraft", "importTestCases", "keepRunTestCase", "keepSample", "listChannels",
    "listConnectionUses", "listConnections", "listSamples", "moveRuns", "previewApprovers", "previewForm", "previewSchedule",
    "publishWorkflow", "rampWorkflow", "rehearseWorkflow", "removeSample", "restoreWorkflow", "rollbackWorkflow", "runTestCases",
    "saveDraft", "testChannel", "testConnection", "tryAction", "tryTrigger", "undoMoves", "updateTestCase", "useTemplate",
];

/// Administrators.
#[rustfmt::skip]
const ADMIN: &[&str] = &[
    "beginConnecting", "createApiKey", "createCannedReply", "createChannel", "createConnection", "createPerson", "deleteCannedReply",
    "deleteChannel", "deleteConnection", "disconnect", "exportAudit", "finishConnecting", "invitePerson", "listApiKeys", "listAudit",
    "putInConnector", "removeConnector", "revokeApiKey", "updateCannedReply", "updateChannel", "updateConnection", "updatePerson",
    "updateWorkspace", "verifyAudit",
];

const ALSO: &[(&str, &str)] = &[
    ("beginConnecting", "Signed in: no key agrees for a person."),
    ("createDelegation", "For oneself; for others administrators."),
    ("createStandingApproval", "Whoever the approval lets decide, within the limits of its step."),
    ("decideCheckpoint", "An approval is decided by whom it names; a form or a conversation handed over by operators."),
    ("decideCheckpoints", "Each as if it were decided alone."),
    ("endDelegation", "One's own; others' administrators."),
    ("finishConnecting", "Who began it, in the same session."),
    ("listDelegations", "One's own; everybody's administrators."),
    ("reassignCheckpoint", "Whoever may decide it; else administrators."),
    ("releaseCheckpoint", "Whoever took it."),
    ("retryRun", "What may be done twice is agreed to by the one who retries."),
    ("revokeStandingApproval", "Whoever gave it; else administrators."),
    ("setNotifications", "Signed in, for oneself."),
    ("takeCheckpoint", "Whoever may decide it; else operators."),
    ("testNotification", "Signed in, for oneself."),
    ("undoDecision", "Whoever decided, for as long as the approval says."),
    (
        "tryAction",
        "What changes something takes what the workspace's policy says; what is of high risk an administrator.",
    ),
];
