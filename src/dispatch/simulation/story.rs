//! What happened, for whoever reads a failing seed; and how often each trouble was met, for whoever doubts that it was.

use crate::clock::Instant;

macro_rules! troubles {
    ($($name:ident = $words:literal,)+) => {
        /// What goes wrong around the core.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Trouble { $($name,)+ }

        impl Trouble {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

troubles! {
    RequestLost = "request to the SDK lost",
    PrepareLost = "prepare lost",
    PrepareLate = "prepare a second or more late",
    PrepareTwice = "prepare doubled",
    QuestionLost = "GET to the hub lost",
    CallbackLost = "callback lost",
    CallbackShared = "callback that answers another call too",
    ReplyLost = "reply lost",
    ReplyLate = "reply read a minute or more after it was sent",
    HiddenInQueue = "prepare hidden from GET in the hub's queue",
    SdkTimeout = "SDK timeout",
    ClientTimeout = "client timeout",
    SdkRestart = "SDK restarted",
    AgreeRefused = "lookup or quote refused",
    AgreeSilent = "lookup or quote without an answer",
    Unreached = "SDK not reached for a lookup or quote",
    SetAside = "row set aside while nobody answers",
    PayeeRefused = "payee refuses",
    Expired = "prepare expired at the hub",
    NoLiquidity = "hub without our money",
    LyingError = "definite error, though it goes on",
    OtherBytes = "3106: other bytes under the id",
    Settled = "settlement window closed",
    CommitUnknownThere = "commit of unknown outcome, applied",
    CommitUnknownNotThere = "commit of unknown outcome, not applied",
    CommitLate = "commit applied after everybody gave up",
    Crash = "dispatcher crashed",
    Stall = "dispatcher stalled",
    TaskStall = "one task stalled",
    LeaseTakenOver = "account taken over",
    RowLeaseEnded = "row's lease ended",
    ClockJump = "clock of a dispatcher jumped",
    Restored = "copy restored, noticed",
    RestoredUnnoticed = "copy restored within its epoch's minute",
    Cloned = "copy running beside its original",
    Released = "copy released",
    ReleasedTooEarly = "copy released though the other still runs",
    Paused = "batch paused",
    Cancelled = "batch cancelled",
    Retried = "failed row retried",
    Corrected = "row corrected, same payee",
    CorrectedPayee = "row corrected, other payee",
    ClosedWrongly = "closed as not paid by people, wrongly",
    ClosedRightly = "closed by people, rightly",
    ClosedAsPaidWrongly = "closed as paid by people, wrongly",
}

#[derive(Debug, Clone)]
pub(super) struct Story {
    /// Written down only where somebody will read it.
    is_told: bool,
    lines: Vec<(Instant, String)>,
    counts: Vec<u64>,
}

impl Story {
    pub fn new(is_told: bool) -> Self {
        Self { is_told, lines: Vec::new(), counts: vec![0; Trouble::ALL.len()] }
    }

    pub fn tell(&mut self, now: Instant, line: impl FnOnce() -> String) {
        if self.is_told {
            self.lines.push((now, line()));
        }
    }

    pub fn count(&mut self, trouble: Trouble) {
        if let Some(place) = Trouble::ALL.iter().position(|one| *one == trouble) {
            self.counts[place] += 1;
        }
    }

    pub fn counted(&self, trouble: Trouble) -> u64 {
        Trouble::ALL.iter().position(|one| *one == trouble).map_or(0, |place| self.counts[place])
    }

    /// One line for each event: when (true time since the beginning), who, what.
    pub fn text(&self) -> String {
        let start = self.lines.first().map_or(Instant::from_micros(0), |(at, _)| *at);
        let line = |(at, line): &(Instant, String)| format!("{:>12.3} s  {line}\n", at.since(start).as_secs_f64());
        self.lines.iter().map(line).collect()
    }
}
