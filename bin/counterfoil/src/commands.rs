//! One file per command.

pub(crate) mod abi;
pub(crate) mod card;
pub(crate) mod cash;
pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod export;
pub(crate) mod genesis;
pub(crate) mod issuer;
pub(crate) mod key;
pub(crate) mod member;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod recover;
pub(crate) mod terminal;
pub(crate) mod token;
pub(crate) mod verify;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use crate::cli::Cli;

    /// Rooms that are asked for under words that people know.
    const OTHERWISE_NAMED: [(&str, &str); 2] = [("protocol", "network"), ("admission", "member")];

    #[test]
    fn every_room_has_a_command_and_a_file_of_its_word() {
        let cli = Cli::command();
        for room in contracts::registry::ROOMS {
            let word = OTHERWISE_NAMED.iter().find(|named| named.0 == room.word).map_or(room.word, |named| named.1);
            assert!(cli.find_subcommand(word).is_some(), "there is no `counterfoil {word}`");
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/commands/{word}.rs"));
            assert!(file.is_file(), "{}", file.display());
        }
    }

    #[test]
    fn the_command_line_has_no_contradictions() {
        Cli::command().debug_assert();
    }
}
