//! The book against a simple model, under arbitrary scripts of requests, answers and time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::book::{Answer, Book, Left, Limits, Mode, Standing};
use super::memory::STAY;
use super::resident::{Leave, Name, Resident};
use crate::testing::cases;

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u16),
    Look(u16),
    /// One of the calls under way ends.
    Yes(usize),
    No(usize),
    Nothing(usize),
    /// A good token of a tenant that is here.
    Token(usize),
    Confirm(usize),
    Forget(u16),
    Sweep,
    Pass(u64),
}

fn steps(names: u16) -> impl Strategy<Value = Vec<Step>> {
    // A few names come again and again, the others make the house full.
    let name = move || prop_oneof![0..3u16, 0..names];
    let step = prop_oneof![
        8 => name().prop_map(Step::Ask),
        2 => name().prop_map(Step::Look),
        8 => any::<usize>().prop_map(Step::Yes),
        2 => any::<usize>().prop_map(Step::No),
        2 => any::<usize>().prop_map(Step::Nothing),
        6 => any::<usize>().prop_map(Step::Token),
        2 => any::<usize>().prop_map(Step::Confirm),
        2 => name().prop_map(Step::Forget),
        1 => Just(Step::Sweep),
        4 => (0..3_000u64).prop_map(Step::Pass),
        1 => (0..100_000u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..300)
}

const LIMITS: Limits = Limits {
    capacity: 3,
    probation: 12,
    idle: Duration::from_secs(200),
    refusal: Duration::from_secs(60),
    unconfirmed: Duration::from_secs(400),
};
const DUE: Duration = Duration::from_secs(100);

/// What should be so.
#[derive(Default)]
struct Model {
    book: Option<Book<u64>>,
    now: Duration,
    /// Calls that have begun and neither ended nor been forgotten.
    calls: Vec<(Name, u64)>,
    void: Vec<(Name, u64)>,
    /// Who is here, since when, confirmed when, with the last good token.
    here: HashMap<Name, Guest>,
    refused: HashMap<Name, Duration>,
    failed: HashMap<Name, Duration>,
    /// What the next tenant is made of: no two alike.
    serial: u64,
}

#[derive(Clone, Copy, Debug)]
struct Guest {
    serial: u64,
    since: Duration,
    confirmed: Duration,
    used: Duration,
    proven: bool,
}

fn name(number: u16) -> Name {
    Name::from(format!("https://login.example.com/{number}"))
}

impl Model {
    fn book(&mut self) -> &mut Book<u64> {
        self.book.get_or_insert_with(|| Book::new(LIMITS))
    }

    fn step(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Pass(millis) => self.now += Duration::from_millis(millis),
            Step::Ask(number) => self.ask(&name(number), Mode::Begin),
            Step::Look(number) => self.ask(&name(number), Mode::Look),
            Step::Yes(nth) => {
                self.serial += 1;
                let tenant = self.serial;
                let (mine, left) = self.end(nth, Answer::Yes { tenant, due: now + DUE });
                let Some(mine) = mine else { return assert!(left.is_empty()) };
                let former = self.here.get(&mine).copied();
                for (gone, why) in &left {
                    assert_eq!(*why, Leave::Room);
                    assert!(!gone.is_proven(), "a stranger evicted a proven tenant");
                    let first =
                        self.here.values().filter(|guest| !guest.proven).map(|guest| guest.since).min();
                    assert_eq!(first, Some(self.here[&gone.name].since), "not the first to come");
                    assert_eq!(self.here.len(), LIMITS.seats(), "there were free seats");
                }
                self.leave(&left);
                let fresh = Guest { serial: tenant, since: now, confirmed: now, used: now, proven: false };
                let guest = former.map_or(fresh, |former| Guest { serial: tenant, confirmed: now, ..former });
                self.here.insert(mine, guest);
            }
            Step::No(nth) => {
                let (mine, left) = self.end(nth, Answer::No);
                assert!(
                    left.iter()
                        .all(|(gone, why)| Some(&gone.name) == mine.as_ref() && *why == Leave::Withdrawn)
                );
                self.leave(&left);
                self.refused.extend(mine.map(|mine| (mine, now)));
            }
            Step::Nothing(nth) => {
                let (mine, left) = self.end(nth, Answer::Nothing);
                assert!(left.is_empty(), "a failure is taken for a no");
                self.failed.extend(mine.map(|mine| (mine, now)));
            }
            Step::Token(nth) => self.token(nth),
            Step::Confirm(nth) => {
                let Some(resident) = self.resident(nth) else { return };
                let asked = self.calls.iter().any(|(asked, _)| *asked == resident.name);
                let begun = self.book().confirm(&resident, now);
                assert!(
                    begun.is_none()
                        || (!asked
                            && now >= self.here[&resident.name].confirmed + DUE - Duration::from_secs(1))
                );
                self.calls.extend(begun.map(|id| (Arc::clone(&resident.name), id)));
            }
            Step::Forget(number) => {
                let name = name(number);
                let ended = self.book().forget(&name);
                assert_eq!(ended.left.len(), usize::from(self.here.contains_key(&name)));
                self.leave(&ended.left);
                self.refused.remove(&name);
                self.failed.remove(&name);
                let (void, calls) = self.calls.drain(..).partition(|(asked, _)| *asked == name);
                self.calls = calls;
                self.void.extend::<Vec<_>>(void);
            }
            Step::Sweep => {
                let left = self.book().sweep(now);
                for (gone, why) in &left {
                    let guest = self.here[&gone.name];
                    let unused = now - if guest.proven { guest.used } else { guest.since };
                    assert!(
                        *why == Leave::Idle && unused + Duration::from_secs(1) >= LIMITS.idle,
                        "{guest:?}"
                    );
                }
                self.leave(&left);
                let idle =
                    |guest: &Guest| guest.proven && now - guest.used >= LIMITS.idle + Duration::from_secs(1);
                assert!(!self.here.values().any(idle), "an idle one stayed");
            }
        }
    }

    fn ask(&mut self, name: &Name, mode: Mode) {
        let now = self.now;
        let here = self.here.get(name).is_some_and(|guest| now < guest.confirmed + LIMITS.unconfirmed);
        let refused = self.refused.get(name).is_some_and(|at| now - *at < LIMITS.refusal);
        let asked = self.calls.iter().any(|(asked, _)| asked == name);
        let failed = self.failed.get(name).is_some_and(|at| now - *at < Duration::from_secs(1));
        let standing = self.book().standing(name, now, mode);
        let got = match &standing {
            Standing::Here => "here",
            Standing::Refused => "refused",
            Standing::Asked(_) => "asked",
            Standing::Failed { .. } => "failed",
            Standing::Busy { retry_after } => {
                assert!(!retry_after.is_zero() && *retry_after <= STAY, "{retry_after:?}");
                "other"
            }
            Standing::Free | Standing::Begun { .. } => "other",
        };
        let want = match (here, refused, asked, failed) {
            (true, ..) => "here",
            (_, true, ..) => "refused",
            (_, _, true, _) => "asked",
            (_, _, _, true) => "failed",
            _ => "other",
        };
        assert_eq!(got, want, "{name}");
        if let Standing::Begun { id, .. } = standing {
            assert_eq!(mode, Mode::Begin);
            self.calls.push((Arc::clone(name), id));
        }
    }

    /// Ends one of the calls, void ones among them, and says whose it was unless it was void.
    fn end(&mut self, nth: usize, answer: Answer<u64>) -> (Option<Name>, Left<u64>) {
        let all = self.calls.len() + self.void.len();
        if all == 0 {
            return (None, Left::new());
        }
        let (nth, now) = (nth % all, self.now);
        if nth >= self.calls.len() {
            let (name, id) = self.void.remove(nth - self.calls.len());
            assert!(self.book().finish(&name, id, answer, now).is_err(), "a void call was listened to");
            return (None, Left::new());
        }
        let (name, id) = self.calls.remove(nth);
        let ended = self.book().finish(&name, id, answer, now).expect("it is under way");
        (Some(name), ended.left)
    }

    fn resident(&mut self, nth: usize) -> Option<Arc<Resident<u64>>> {
        let mut residents: Vec<_> = self.book().residents().values().cloned().collect();
        residents.sort_by(|one, other| one.name.cmp(&other.name));
        let count = residents.len().max(1);
        residents.into_iter().nth(nth % count)
    }

    fn token(&mut self, nth: usize) {
        let now = self.now;
        let Some(resident) = self.resident(nth) else { return };
        resident.touch(now);
        let left = self.book().prove(&resident, now);
        for (gone, why) in &left {
            assert!(*why == Leave::Room && gone.is_proven() && gone.name != resident.name);
            let used = |guest: &Guest| guest.used.as_secs();
            let least = self.here.values().filter(|guest| guest.proven).map(used).min();
            assert_eq!(Some(used(&self.here[&gone.name])), least, "not the least recently used");
            assert_eq!(self.here.values().filter(|guest| guest.proven).count(), LIMITS.capacity);
        }
        self.leave(&left);
        let guest = self.here.get_mut(&resident.name).expect("it is here");
        (guest.used, guest.proven) = (now, true);
    }

    fn leave(&mut self, left: &Left<u64>) {
        for (gone, _) in left {
            let guest = self.here.remove(&gone.name).expect("it was here");
            assert_eq!(***gone, guest.serial);
        }
    }

    fn agrees(&mut self) {
        let here: HashMap<_, _> =
            self.here.iter().map(|(name, guest)| (Arc::clone(name), (guest.serial, guest.proven))).collect();
        let book = self.book();
        let residents = book.residents();
        let got: HashMap<_, _> = residents
            .iter()
            .map(|(name, resident)| (Arc::clone(name), (***resident, resident.is_proven())))
            .collect();
        assert_eq!(got, here);
        assert!(here.len() <= LIMITS.seats());
        assert!(here.values().filter(|(_, proven)| *proven).count() <= LIMITS.capacity);
        let names: HashSet<_> = self.calls.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), self.calls.len(), "two calls for one name");
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_book_does_what_the_model_does(steps in steps(40)) {
        let mut model = Model::default();
        for step in steps {
            model.step(step);
            model.agrees();
        }
    }

}

proptest! {
    #![proptest_config(cases(100))]

    /// Of strangers alone, none loses its seat to another before it has had its time.
    #[test]
    fn whoever_is_let_in_has_time_to_prove_itself(
        capacity in 1..300usize,
        proven in 0..300usize,
        steps in prop::collection::vec((0..60u64, 0..30u8, any::<bool>()), 0..300),
    ) {
        let limits = Limits { capacity, probation: 12 + capacity / 8, idle: Duration::from_secs(3_600), ..LIMITS };
        let mut book = Book::new(limits);
        let (mut now, mut invented, mut calls) = (Duration::ZERO, 0..u32::MAX, Vec::<(Name, u64)>::new());
        while book.residents().len() < proven.min(capacity) {
            now += STAY * 12;
            let name = Name::from(format!("proven-{}", book.residents().len()));
            let Standing::Begun { id, .. } = book.standing(&name, now, Mode::Begin) else { panic!("it is a slow start") };
            let _ = book.finish(&name, id, Answer::Yes { tenant: 0, due: Duration::MAX }, now).unwrap();
            let resident = Arc::clone(&book.residents()[&name]);
            let _ = book.prove(&resident, now);
        }
        let mut again = 0;
        for (millis, names, answers) in steps {
            now += Duration::from_millis(millis * 10);
            for n in 0..names {
                // Every other name was turned away before, and comes by the other lane.
                again = if n % 2 == 0 { again } else { invented.next().unwrap() };
                let name = Name::from(format!("invented-{again}"));
                if let Standing::Begun { id, .. } = book.standing(&name, now, Mode::Begin) {
                    calls.push((name, id));
                }
            }
            if answers {
                for (name, id) in calls.drain(..) {
                    let ended = book.finish(&name, id, Answer::Yes { tenant: 0, due: Duration::MAX }, now).unwrap();
                    for (gone, _) in &ended.left {
                        let stayed = now - gone.admitted;
                        prop_assert!(!gone.is_proven() && stayed >= STAY, "{stayed:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_call_for_a_forgotten_name_is_not_listened_to_while_another_is_under_way() {
    let mut book = Book::new(LIMITS);
    let name = name(1);
    let begin = |book: &mut Book<u64>, now| match book.standing(&name, now, Mode::Begin) {
        Standing::Begun { id, .. } => id,
        other => panic!("{other:?}"),
    };
    let yes = |tenant| Answer::Yes { tenant, due: DUE };
    let first = begin(&mut book, Duration::ZERO);
    let _ = book.forget(&name);
    let second = begin(&mut book, STAY);
    assert!(book.finish(&name, first, yes(1), STAY).is_err());
    assert!(book.residents().is_empty());
    assert!(book.finish(&name, second, yes(2), STAY).is_ok());
    assert_eq!(**book.residents()[&name], 2);
}

/// Lets a tenant in.
fn admitted(book: &mut Book<u64>, number: u16, now: Duration) -> Arc<Resident<u64>> {
    let name = name(number);
    let Standing::Begun { id, .. } = book.standing(&name, now, Mode::Begin) else {
        panic!("{number} at {now:?}")
    };
    assert!(book.finish(&name, id, Answer::Yes { tenant: 0, due: DUE }, now).is_ok());
    Arc::clone(&book.residents()[&name])
}

#[test]
fn a_token_of_a_tenant_that_left_meanwhile_takes_no_seat() {
    let mut book = Book::new(LIMITS);
    let gone = admitted(&mut book, 0, Duration::ZERO);
    let _ = book.forget(&name(0));
    assert!(book.prove(&gone, Duration::ZERO).is_empty() && !gone.is_proven());
    for number in 1..=3 {
        let now = STAY * u32::from(number);
        let resident = admitted(&mut book, number, now);
        assert!(book.prove(&resident, now).is_empty(), "there are three seats");
    }
    let fourth = admitted(&mut book, 4, STAY * 4);
    assert_eq!(book.prove(&fourth, STAY * 4).len(), 1);
}

#[test]
fn names_that_wait_for_an_answer_are_half_of_the_free_seats_at_most() {
    let mut book = Book::<u64>::new(LIMITS);
    let mut begun = 0;
    for number in 0..100 {
        let standing = book.standing(&name(number), STAY * u32::from(number), Mode::Begin);
        begun += usize::from(matches!(standing, Standing::Begun { .. }));
    }
    assert_eq!(begun, LIMITS.seats() / 2);
}
