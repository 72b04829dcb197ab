//! How commands are run: their ends, their complaints, their limits.

use super::*;

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let mut command = Command::new("sleep");
    let error = run_within(command.arg("60"), Duration::from_millis(10)).err();
    assert!(error.is_some_and(|error| error.to_string().contains("did not end")));
}

#[test]
fn a_failed_command_says_what_it_complained() {
    let mut command = Command::new("sh");
    let error = output(command.args(["-c", "echo refused >&2; exit 3"])).err();
    assert!(error.is_some_and(|error| error.to_string().ends_with("exit status: 3: refused")));
}

#[test]
fn a_long_text_keeps_both_its_ends() {
    let long: Vec<_> = (0..100).map(|line| line.to_string()).collect();
    let short = shortened(&long.join("\n"));
    assert!(short.starts_with("0\n") && short.contains("...") && short.ends_with("\n99"));
    assert_eq!(shortened("one\ntwo"), "one\ntwo");
}
