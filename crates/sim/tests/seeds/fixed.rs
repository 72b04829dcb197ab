//! The seeds. A failure prints what broke, what was done to the network until then, and the line that plays it again.

use sim::{Faults, Options, simulate};

/// Seeds after which every kind of fault must have been seen.
const ALL_KINDS_WITHIN: u64 = 50;

pub(crate) fn passes(seed: u64) {
    let report = simulate(seed, Options::default());
    println!("{report}");
    assert!(report.violation.is_none(), "{report}");
}

macro_rules! seeds {
    ($($name:ident $seed:literal,)*) => {
        $(
            #[test]
            fn $name() {
                passes($seed);
            }
        )*
    };
}

seeds! {
    seed_01 1,
    seed_02 2,
    seed_03 3,
    seed_04 4,
    seed_05 5,
    seed_06 6,
    seed_07 7,
    seed_08 8,
    seed_09 9,
    seed_10 10,
    seed_11 11,
    seed_12 12,
    seed_13 13,
    seed_14 14,
    seed_15 15,
    seed_16 16,
    seed_17 17,
    seed_18 18,
    seed_19 19,
    seed_20 20,
    seed_21 21,
    seed_22 22,
    seed_23 23,
    seed_24 24,
    seed_25 25,
    seed_26 26,
    seed_27 27,
    seed_28 28,
    seed_29 29,
    seed_30 30,
    seed_31 31,
    seed_32 32,
    seed_33 33,
    seed_34 34,
    seed_35 35,
    seed_36 36,
    seed_37 37,
    seed_38 38,
    seed_39 39,
    seed_40 40,
    seed_41 41,
    seed_42 42,
    seed_43 43,
    seed_44 44,
    seed_45 45,
    seed_46 46,
    seed_47 47,
    seed_48 48,
    seed_49 49,
    seed_50 50,
}

#[test]
fn one_seed_is_one_history() {
    let [first, second] = [(); 2].map(|()| simulate(3, Options::default()));
    assert_eq!((first.history, &first.faults, first.height), (second.history, &second.faults, second.height));
    assert_ne!(first.history, simulate(4, Options::default()).history);
}

#[test]
fn every_kind_of_fault_is_injected() {
    let mut all = Faults::default();
    for seed in 1..=ALL_KINDS_WITHIN {
        all.add_all(&simulate(seed, Options::default()).faults);
        if all.missing().is_empty() {
            return;
        }
    }
    panic!("never injected: {:?}; injected: {all}", all.missing());
}
