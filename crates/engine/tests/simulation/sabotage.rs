//! Faults built into the simulated shell or store on purpose: the simulator must notice each of them.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    None,
    /// The store writes a commit wherever the run is by now.
    NoFence,
    /// The store answers "committed" and sometimes forgets.
    ForgetsCommits,
    /// The store starts another run for a key it knows.
    IgnoresStartKeys,
    /// The store appends messages of a commit twice.
    DoubleMessages,
    /// The shell sends an interrupted call again, whatever it is.
    ResendsInterrupted,
    /// The shell performs effects while the commit is still on its way.
    EffectsBeforeCommit,
    /// The shell makes a new key for every attempt.
    FreshKeys,
    /// The shell sends something else than what was decided.
    ChangesRequests,
    /// The shell's clock runs ahead when it fires timers.
    EarlyTimers,
    /// The shell never takes up the runs of dead processes.
    NoRecovery,
    /// The shell does not look after runs of its own that nobody drives.
    NoSweep,
    /// Nothing is wrong, but processes fall silent as often as they do where there is no lease.
    Silences,
    /// The shell sends although the others may have taken it for dead.
    NoLease,
    /// A cancel makes whoever took it the owner of a run somebody else drives.
    CancelStealsRuns,
    /// Look-ups and people's answers about an earlier attempt are taken for the one that is in doubt now.
    MisplacesAnswers,
    /// When a later attempt is refused, it is forgotten that an earlier one may have taken place.
    ForgetsDoubts,
    /// A yes of one approval counts for every other that was asked about the same step.
    CoversForOthers,
    /// It is forgotten who had a hand in a run.
    ForgetsContributors,
    /// Whoever sends a run on is taken to agree to everything that is done again.
    AgreesForPeople,
    /// A yes at a step's door leads where the document says, and does again what lies between.
    ForgetsDoors,
    /// The shell sends through a connection whatever it leads to by now.
    IgnoresAccounts,
    /// What an approver may change is not looked at.
    EditsAnything,
    /// Time passes outside working hours.
    IgnoresCalendars,
    /// A decision that is to be held counts at once.
    CountsAtOnce,
    /// An approval is sent back as often as somebody likes.
    SendsBackForEver,
    /// Others were to decide instead, or those who were asked; it is forgotten, and those decide whom the document names.
    ForgetsPeople,
    /// Who approved a request counts for another that somebody made of it.
    KeepsVoices,
    /// Who changed what is sent is not one of those who had a hand in it.
    ForgetsEditors,
    /// Somebody who decided for another may be followed by that other.
    ForgetsSeats,
    /// The shell lets everybody decide for everybody.
    DelegatesToAll,
    /// What was allowed in advance is allowed for ever, and as often as it is asked.
    StandsForEver,
    /// What was allowed in advance is allowed for any amount.
    StandsForMore,
    /// A run is moved wherever somebody wants it.
    MovesAnyhow,
    /// A move is taken back although something has happened since.
    UndoesLater,
}
