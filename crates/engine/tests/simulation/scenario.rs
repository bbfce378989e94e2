//! One scenario: virtual time, one queue, faults drawn from the seed.

use crate::{
    checker::{Cause, Checker},
    decisions::Around,
    documents::{Published, versions},
    node::{Job, Node, Work},
    outside::Outside,
    people::Request,
    random::Random,
    sabotage::Sabotage,
    store::Store,
};
use countersign_core::run::{Effect, Input};
use countersign_store::Commit;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Things that happen in one scenario at most: more means that something goes round in circles.
const TASKS_MAX: u64 = 60_000;
pub const STARTED_AT: i64 = 1_700_000_000_000;
/// Between two clocks lies at most twice this.
pub const CLOCK_OFF_MAX_MS: i64 = 400;
/// After the faults have stopped, this much time passes at most.
pub const PATIENCE_MS: i64 = 60 * 86_400_000;

pub enum Task {
    Node {
        at: usize,
        life: u64,
        work: Work,
    },
    /// A commit reaches the database.
    Commit {
        at: usize,
        life: u64,
        commit: Box<Commit>,
        cause: Cause,
    },
    /// A request reaches the outside world.
    Arrive {
        at: usize,
        life: u64,
        run: String,
        effect: Box<Effect>,
        /// What its connection led to when it left.
        through: String,
    },
    /// Somebody edits the connections.
    Reconnect,
    Start,
    StartAgain(usize),
    Publish,
    Person,
    /// Something around approvals.
    Around,
    Look {
        at: usize,
        life: u64,
        request: usize,
        input: Box<Input>,
        think: i64,
    },
    Trouble,
    Strike {
        at: usize,
        life: u64,
    },
    Restart(usize),
}

pub struct Scenario {
    pub now: i64,
    pub random: Random,
    pub sabotage: Sabotage,
    pub faults: bool,
    pub store: Store,
    pub outside: Outside,
    pub checker: Checker,
    pub nodes: Vec<Node>,
    pub versions: Vec<Arc<Published>>,
    /// Number of the version new runs start on.
    pub active: u32,
    pub requests: Vec<Request>,
    /// How often the connections were edited.
    pub revision: u32,
    /// Runs asked for.
    pub started: usize,
    /// Client keys that have started a run.
    pub keys: BTreeSet<String>,
    /// Found where nothing can be returned.
    pub broken: Option<String>,
    queue: BTreeMap<(i64, u64), Task>,
    /// Tasks that are not background.
    foreground: usize,
    tickets: u64,
    tasks: u64,
    trace: u64,
}

/// What a scenario was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    pub tasks: u64,
    pub commits: u64,
    pub executions: u64,
    pub decisions: u64,
    /// What happened around approvals.
    pub around: Around,
    /// Fold of everything committed: two runs of one seed must agree.
    pub trace: u64,
}

impl Report {
    pub fn add(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.commits += other.commits;
        self.executions += other.executions;
        self.decisions += other.decisions;
        self.around.add(&other.around);
        self.trace ^= other.trace;
    }
}

/// Plays the scenario of a seed.
pub fn play(seed: u64, sabotage: Sabotage) -> Result<Report, String> {
    let mut random = Random::new(seed);
    let versions = versions(&mut random, sabotage);
    let nodes = (0..1 + random.below(3)).map(Node::new).collect();
    let mut scenario = Scenario {
        now: STARTED_AT,
        random,
        sabotage,
        faults: true,
        store: Store::default(),
        outside: Outside::default(),
        checker: Checker::default(),
        nodes,
        versions,
        active: 1,
        requests: Vec::new(),
        revision: 0,
        started: 0,
        keys: BTreeSet::new(),
        broken: None,
        queue: BTreeMap::new(),
        foreground: 0,
        tickets: 0,
        tasks: 0,
        trace: 0,
    };
    scenario.prepare();
    scenario.run()
}

impl Scenario {
    fn prepare(&mut self) {
        for at in 0..self.nodes.len() {
            self.nodes[at].offset = self.random.between(-CLOCK_OFF_MAX_MS, CLOCK_OFF_MAX_MS);
            self.later(at, at as i64, Work::Join);
        }
        // The busy hour: people and trouble at random distances, many close together.
        for _ in 0..1 + self.random.below(5) {
            let at = self.random.between(10, 60_000);
            self.after(at, Task::Start);
        }
        let mut at = 0;
        for _ in 0..self.random.below(60) {
            at += if self.random.chance(50) { self.random.between(1, 4_000_000) } else { self.random.between(1, 6000) };
            self.after(at, Task::Person);
        }
        let end = at.max(60_000);
        for _ in 0..self.random.below(10) {
            let until = if self.random.chance(700) { 90_000 } else { end };
            let at = self.random.between(100, until);
            self.after(at, Task::Trouble);
        }
        for _ in 0..self.random.below(4) {
            let at = self.random.between(10, end);
            self.after(at, Task::Reconnect);
        }
        for _ in 0..self.random.below(4) {
            let at = self.random.between(1, 60_000);
            self.after(at, Task::Around);
        }
        let publish = self.random.between(1, 60_000);
        self.after(publish, Task::Publish);
    }

    pub fn clock(&self, at: usize) -> i64 {
        self.now + self.nodes[at].offset
    }

    pub fn after(&mut self, pause: i64, task: Task) {
        self.tickets += 1;
        // What is due at the same time happens in any order.
        let order = self.random.next() << 32 | self.tickets & 0xFFFF_FFFF;
        self.foreground += usize::from(!background(&task));
        self.queue.insert((self.now + pause, order), task);
    }

    /// At a process, unless it is dead by then.
    pub fn later(&mut self, at: usize, pause: i64, work: Work) {
        let life = self.nodes[at].life;
        self.at_node(at, life, pause, work);
    }

    pub fn at_node(&mut self, at: usize, life: u64, pause: i64, work: Work) {
        self.after(pause, Task::Node { at, life, work });
    }

    pub fn some_node(&mut self) -> Option<usize> {
        let alive: Vec<usize> = (0..self.nodes.len()).filter(|at| self.nodes[*at].alive).collect();
        if alive.is_empty() { None } else { Some(*self.random.pick(&alive)) }
    }

    pub fn note(&mut self, events: &str) {
        for byte in events.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn run(mut self) -> Result<Report, String> {
        let mut quiet_since = None;
        while let Some(((at, _), task)) = self.queue.pop_first() {
            self.tasks += 1;
            if self.tasks > TASKS_MAX {
                return Err(self.circles());
            }
            self.foreground -= usize::from(!background(&task));
            self.now = self.now.max(at);
            self.happen(task)?;
            if let Some(found) = self.broken.take() {
                return Err(found);
            }
            let calm = self.foreground == 0;
            if calm && self.faults {
                self.heal();
            } else if calm && !self.store.any_running() {
                let since = *quiet_since.get_or_insert(self.now);
                match self.store.next_wake_at() {
                    Some(next) if self.now - since < PATIENCE_MS => self.skip_to(next - 10),
                    Some(_) => return Err("timers go on for ever".into()),
                    None => break,
                }
            } else if self.faults {
                self.skip_idle();
            }
        }
        self.checker.finish(&self.store)?;
        Ok(Report {
            tasks: self.tasks,
            commits: self.checker.commits,
            executions: self.checker.executions,
            decisions: self.checker.decisions,
            around: self.checker.around(),
            trace: self.trace,
        })
    }

    /// Too much happens: what keeps it from coming to rest.
    fn circles(&self) -> String {
        let found = self.checker.finish(&self.store).err().unwrap_or_default();
        let left = self.foreground;
        let (wake, running) = (self.store.next_wake_at().map(|at| at - self.now), self.store.any_running());
        format!(
            "it goes round in circles ({} ms on, faults {}, {left} tasks left, runs move {running}, next timer in {wake:?} ms): {found}",
            self.now - STARTED_AT,
            self.faults,
        )
    }

    /// A node dies, or stands still for a while.
    fn struck(&mut self, at: usize, life: u64) {
        if self.nodes[at].life != life || !self.nodes[at].alive {
            return;
        }
        if self.random.chance(500) {
            self.crash(at);
        } else {
            self.nodes[at].paused_until = self.now + self.random.between(3000, 25_000);
        }
    }

    fn happen(&mut self, task: Task) -> Result<(), String> {
        match task {
            Task::Node { at, life, work } => {
                let node = &self.nodes[at];
                if !node.alive || node.life != life {
                    return Ok(());
                }
                if node.paused_until > self.now {
                    let pause = node.paused_until - self.now + self.random.between(0, 20);
                    self.at_node(at, life, pause, work);
                    return Ok(());
                }
                self.work(at, work)
            }
            Task::Commit { at, life, commit, cause } => self.write(at, life, &commit, &cause),
            Task::Arrive { at, life, run, effect, through } => {
                if let Effect::InvokeAction { account: Some(approved), key, .. } = &*effect
                    && *approved != through
                {
                    return Err(format!("{key} went to {through}, approved was {approved}"));
                }
                self.arrive(at, life, &run, &effect)
            }
            Task::Reconnect => {
                self.revision += 1;
                Ok(())
            }
            Task::Start => {
                self.start_run();
                Ok(())
            }
            Task::StartAgain(request) => {
                self.start_again(request);
                Ok(())
            }
            Task::Publish => {
                self.active = self.versions.len() as u32;
                Ok(())
            }
            Task::Person => {
                self.person_acts();
                Ok(())
            }
            Task::Around => {
                self.around_approvals();
                Ok(())
            }
            Task::Look { at, life, request, input, think } => {
                if self.nodes[at].alive && self.nodes[at].life == life {
                    self.look(at, request, *input, think);
                }
                Ok(())
            }
            Task::Trouble => {
                self.trouble();
                Ok(())
            }
            Task::Strike { at, life } => {
                self.struck(at, life);
                Ok(())
            }
            Task::Restart(at) => {
                self.nodes[at].restart(at);
                self.later(at, 1, Work::Join);
                Ok(())
            }
        }
    }

    fn arrive(&mut self, at: usize, life: u64, run: &str, effect: &Effect) -> Result<(), String> {
        let arrival = self.outside.arrive(effect, &mut self.random, self.faults)?;
        self.checker.reached(run, effect, arrival.executed)?;
        let job = Job::new(run.to_owned(), arrival.input, Cause::Answer);
        if self.faults && self.random.chance(50) {
            // The same answer once more, at any time: it must change nothing.
            let again = self.random.between(arrival.delay, arrival.delay + 60_000);
            let work = Work::Decide(Box::new(Job { echo: true, ..job.clone() }));
            self.at_node(at, life, again, work);
        }
        self.at_node(at, life, arrival.delay, Work::Decide(Box::new(job)));
        if self.nodes[at].alive && self.nodes[at].life == life {
            self.strike(at);
        }
        Ok(())
    }

    fn trouble(&mut self) {
        let at = self.random.below(self.nodes.len());
        if !self.nodes[at].alive {
            return;
        }
        match self.random.below(10) {
            0..=3 => self.crash(at),
            4..=6 => self.nodes[at].paused_until = self.now + self.random.between(500, 25_000),
            7 | 8 => self.nodes[at].cut_off_until = self.now + self.random.between(500, 25_000),
            _ => self.nodes[at].offset = self.random.between(-CLOCK_OFF_MAX_MS, CLOCK_OFF_MAX_MS),
        }
        // Trouble seldom comes alone.
        if self.random.chance(300) {
            let pause = self.random.between(1, 10_000);
            self.after(pause, Task::Trouble);
        }
    }

    /// Trouble at the worst moments: between a decision, its commit, its effect and the answer.
    pub fn strike(&mut self, at: usize) {
        if self.faults && self.random.chance(15) {
            self.after(0, Task::Strike { at, life: self.nodes[at].life });
        }
    }

    fn crash(&mut self, at: usize) {
        self.nodes[at].crash();
        let pause = self.random.between(1, 30_000);
        self.after(pause, Task::Restart(at));
    }

    /// From here on everything works; what was begun must come to rest.
    fn heal(&mut self) {
        self.faults = false;
        for at in 0..self.nodes.len() {
            self.nodes[at].paused_until = 0;
            self.nodes[at].cut_off_until = 0;
        }
    }

    /// Nothing but heartbeats until the next person or timer: be there at once.
    fn skip_idle(&mut self) {
        if self.store.any_running() || !self.nodes.iter().all(|node| node.alive && node.paused_until <= self.now) {
            return;
        }
        let task = self.queue.iter().find(|(_, task)| !background(task)).map(|((at, _), _)| *at);
        let next = [task, self.store.next_wake_at()].into_iter().flatten().min();
        if let Some(next) = next.filter(|next| next - self.now > 10_000) {
            self.skip_to(next - 2000);
        }
    }

    fn skip_to(&mut self, time: i64) {
        let skipped = time - self.now;
        if skipped <= 0 {
            return;
        }
        self.now = time;
        let queue = std::mem::take(&mut self.queue);
        for ((at, order), task) in queue {
            let at = if background(&task) { at + skipped } else { at };
            self.queue.insert((at, order), task);
        }
        for node in &mut self.nodes {
            node.lives_on(skipped);
            if let Some(seen) = self.store.nodes.get_mut(&node.id) {
                *seen += skipped;
            }
        }
    }
}

/// What goes on for ever by itself.
fn background(task: &Task) -> bool {
    match task {
        Task::Node { work, .. } => match work {
            Work::Join | Work::Beat | Work::Timers | Work::Forget(_) => true,
            Work::Decide(_) | Work::Written { .. } | Work::Perform { .. } => false,
        },
        Task::Commit { .. }
        | Task::Arrive { .. }
        | Task::Start
        | Task::StartAgain(_)
        | Task::Publish
        | Task::Reconnect
        | Task::Person
        | Task::Around
        | Task::Look { .. }
        | Task::Trouble
        | Task::Strike { .. }
        | Task::Restart(_) => false,
    }
}
