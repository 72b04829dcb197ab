//! The genesis file: what it takes, what it refuses, and that its hash commits to all of it.

use alloy_primitives::{address, b256};

use super::*;

const EXAMPLE: &str = r#"{
  "config": {"chainId": 31337, "londonBlock": 0},
  "timestamp": "0x65536000",
  "gasLimit": 500000000,
  "coinbase": "0x00000000000000000000000000000000000000cc",
  "counterfoil": {
    "fork": "osaka",
    "committee": ["0x0101010101010101010101010101010101010101010101010101010101010101"],
    "epochBlocks": 64,
    "minBlockIntervalMs": 10,
    "maxBlockBytes": 4194304,
    "minGasPrice": "0",
    "senders": ["0x00000000000000000000000000000000000000aa"]
  },
  "alloc": {
    "0x00000000000000000000000000000000000000aa": {
      "balance": "1000000000000000000", "nonce": 1, "code": "0x00",
      "storage": {"0x0000000000000000000000000000000000000000000000000000000000000001":
                  "0x0000000000000000000000000000000000000000000000000000000000000002"}
    }
  }
}"#;

fn example() -> Genesis {
    Genesis::parse(EXAMPLE).expect("the example is valid")
}

/// Everything that the hash commits to: the header's hash depends on the configuration and, through the state root, on `alloc`.
fn commitment(genesis: &Genesis) -> (B256, StateDiff) {
    (genesis.header(B256::ZERO).expect("canonical").hash_slow(), genesis.alloc_diff())
}

#[test]
fn the_example_is_read_as_written() {
    let genesis = example();
    let account = &genesis.alloc[&address!("00000000000000000000000000000000000000aa")];
    assert_eq!(account.balance, U256::from(10).pow(U256::from(18)));
    assert_eq!(genesis.rules().gas_limit, 500_000_000);
    assert_eq!(genesis.rules().chain_id, 31337);
}

#[test]
fn writing_and_reading_a_genesis_keeps_its_hash() {
    let written = serde_json::to_string(&example()).expect("serializable");
    assert_eq!(commitment(&Genesis::parse(&written).expect("own output")), commitment(&example()));
}

#[test]
fn spelling_out_a_default_keeps_the_hash() {
    let short = EXAMPLE.replace(r#""epochBlocks": 64,"#, "").replace(r#""fork": "osaka","#, "");
    assert_eq!(commitment(&Genesis::parse(&short).expect("defaults")), commitment(&example()));
}

#[test]
fn any_changed_field_changes_the_hash() {
    let changes: &[(&str, &str)] = &[
        ("31337", "31338"),
        (r#""londonBlock": 0"#, r#""londonBlock": 1"#),
        ("0x65536000", "0x65536001"),
        (r#""gasLimit": 500000000"#, r#""gasLimit": 500000001"#),
        ("00cc", "00cd"),
        ("osaka", "prague"),
        ("0x01010101", "0x01010102"),
        (r#""epochBlocks": 64"#, r#""epochBlocks": 65"#),
        (r#""minBlockIntervalMs": 10"#, r#""minBlockIntervalMs": 11"#),
        ("4194304", "4194303"),
        (r#""minGasPrice": "0""#, r#""minGasPrice": "1""#),
        (r#""senders": ["0x00000000000000000000000000000000000000aa"]"#, r#""senders": []"#),
        ("1000000000000000000", "1000000000000000001"),
        (r#""nonce": 1"#, r#""nonce": 2"#),
        (r#""code": "0x00""#, r#""code": "0x01""#),
        ("0000000002", "0000000003"),
    ];
    let original = commitment(&example());
    for (from, to) in changes {
        let changed = EXAMPLE.replacen(from, to, 1);
        assert_ne!(changed, EXAMPLE, "{from} is in the example");
        assert_ne!(commitment(&Genesis::parse(&changed).expect(to)), original, "{from} -> {to}");
    }
}

#[test]
fn genesis_files_from_before_upgrades_keep_their_hash() {
    // Computed by the program from before upgrades, over an empty `alloc`.
    let header = example().header(alloy_consensus::EMPTY_ROOT_HASH).expect("canonical");
    assert_eq!(header.hash_slow(), b256!("ed2ee6f348f4be4de4d926cd38c840f7f8a3cc022650b033d3624c0630a7fde4"));
}

#[test]
fn scheduled_versions_are_part_of_the_hash_and_come_into_force_in_order() {
    let schedule = r#""upgrades": [{"version": 1, "epoch": 0}, {"version": 3, "epoch": 9}], "committee""#;
    let scheduled = Genesis::parse(&EXAMPLE.replace(r#""committee""#, schedule)).expect("valid");
    assert_ne!(commitment(&scheduled), commitment(&example()));
    assert_eq!([0, 8, 9, 10].map(|epoch| scheduled.rules().version_by_genesis(epoch)), [1, 1, 3, 3]);
    assert_eq!(example().rules().version_by_genesis(u64::MAX), 0);
}

#[test]
fn versions_that_do_not_rise_are_refused() {
    let schedules = [
        r#"[{"version": 0, "epoch": 1}]"#,
        r#"[{"version": 2, "epoch": 1}, {"version": 1, "epoch": 2}]"#,
        r#"[{"version": 1, "epoch": 1}, {"version": 2, "epoch": 1}]"#,
    ];
    for schedule in schedules {
        let json = EXAMPLE.replace(r#""committee""#, &format!(r#""upgrades": {schedule}, "committee""#));
        let error = Genesis::parse(&json).expect_err(schedule).to_string();
        assert!(error.contains("counterfoil.upgrades"), "{error}");
    }
}

#[test]
fn admission_is_part_of_the_hash_and_its_defaults_can_be_left_out() {
    let with = |admission: &str| {
        Genesis::parse(&EXAMPLE.replace(r#""committee""#, &format!(r#""admission": {admission}, "committee""#)))
    };
    let commitments = ["{}", r#"{"minCommittee": 3}"#, r#"{"policy": {"votingSeconds": 9}}"#]
        .map(|admission| commitment(&with(admission).expect(admission)));
    assert!(commitments.iter().enumerate().all(|(index, one)| !commitments[..index].contains(one)));
    assert!(!commitments.contains(&commitment(&example())));
    let founding = with("{}").expect("valid").rules().founding;
    assert_eq!(founding.members, example().rules().founding.members, "defaults are the same as nothing");
    assert_eq!(founding.network, with("{}").expect("valid").header(B256::ZERO).expect("canonical").parent_hash);
}

#[test]
fn what_genesis_says_of_its_members_is_read_and_checked() {
    let key = format!("0x{}", "01".repeat(32));
    let account = |last: u8| format!(r#""{}""#, Address::with_last_byte(last));
    let with = |founders: String| {
        let admission = format!(r#""admission": {{"members": [{founders}]}}, "committee""#);
        Genesis::parse(&EXAMPLE.replace(r#""committee""#, &admission))
    };
    let genesis = with(format!(r#"{{"key": "{key}", "weight": 7, "accounts": [{}]}}"#, account(9))).expect("valid");
    let founding = genesis.rules().founding;
    let [founder] = &founding.members[..] else { panic!("{founding:?}") };
    assert_eq!((founder.weight, &founder.accounts[..]), (7, &[Address::with_last_byte(9)][..]));
    assert_eq!(Genesis::parse(&serde_json::to_string(&genesis).expect("serializable")).expect("own"), genesis);
    let five = (1..=5).map(account).collect::<Vec<_>>().join(",");
    let refused = [
        (format!(r#"{{"key": "0x{}"}}"#, "02".repeat(32)), "not in the committee"),
        (format!(r#"{{"key": "{key}"}}, {{"key": "{key}"}}"#), "names a key twice"),
        (format!(r#"{{"key": "{key}", "weight": 0}}"#), "weight must not be zero"),
        (format!(r#"{{"key": "{key}", "accounts": [{0}, {0}]}}"#, account(1)), "names an account twice"),
        (format!(r#"{{"key": "{key}", "accounts": [{five}]}}"#), "at most 4 accounts"),
        (format!(r#"{{"key": "{key}", "certificate": "0x{}"}}"#, "00".repeat(4097)), "at most 4096 bytes"),
    ];
    for (founders, reason) in refused {
        let error = with(founders).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn an_admission_that_cannot_work_is_refused() {
    let refused = [
        (r#"{"minCommittee": 0}"#, "counterfoil.admission.minCommittee"),
        (r#"{"minCommittee": 129}"#, "counterfoil.admission.minCommittee"),
        (r#"{"policy": {"votingSeconds": 0}}"#, "counterfoil.admission.policy"),
        (r#"{"policy": {"votes": {"measure": "weights", "comparison": "above", "numerator": 1}}}"#, "weights"),
        (r#"{"policy": {"votes": {"measure": "count", "comparison": "above", "numerator": 1}}}"#, "out of reach"),
        (r#"{"mincommittee": 4}"#, "unknown field"),
    ];
    for (admission, reason) in refused {
        let json = EXAMPLE.replace(r#""committee""#, &format!(r#""admission": {admission}, "committee""#));
        let error = Genesis::parse(&json).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn the_canonical_configuration_names_every_field_of_the_section() {
    let canonical = String::from_utf8(example().canonical_config().expect("canonical")).expect("JSON is UTF-8");
    for field in [
        "chainId",
        "timestamp",
        "gasLimit",
        "coinbase",
        "fork",
        "committee",
        "epochBlocks",
        "minBlockIntervalMs",
        "senders",
    ] {
        assert!(canonical.contains(&format!("\"{field}\":")), "{field} in {canonical}");
    }
}

#[test]
fn a_misspelt_field_or_a_senseless_value_is_refused() {
    let broken: &[(&str, &str, &str)] = &[
        ("epochBlocks", "epochBlock", "unknown field `epochBlock`"),
        (r#""epochBlocks": 64"#, r#""epochBlocks": 1"#, "counterfoil.epochBlocks"),
        ("31337", "0", "config.chainId"),
        ("500000000", "1", "gasLimit"),
        ("4194304", "1", "counterfoil.maxBlockBytes"),
        ("osaka", "frontier", "unknown variant `frontier`"),
        (r#""londonBlock": 0"#, r#""londonBlock": 0.5"#, "config"),
        (r#""gasLimit": 500000000"#, r#""gasLimit": "x""#, "not a number"),
        (r#""nonce": 1, "code": "0x00","#, "", "an account with storage needs code or a nonce"),
    ];
    for (from, to, message) in broken {
        let error = Genesis::parse(&EXAMPLE.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(message), "{to}: {error}");
    }
}

#[test]
fn the_header_has_ethereums_shape_and_our_meaning() {
    let header = example().header(B256::ZERO).expect("canonical");
    assert_eq!(header.extra_data, Bytes::from(example().rules().committee.hash()));
    assert_eq!(header.base_fee_per_gas, Some(0));
    assert_eq!(header.requests_hash, Some(EMPTY_REQUESTS_HASH));
    assert_eq!(
        EMPTY_REQUESTS_HASH,
        b256!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        "sha256 of nothing"
    );
    assert_eq!(TimeMs::of_header(&header), Some(TimeMs(0x6553_6000 * 1000)));
}
