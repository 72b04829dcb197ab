//! `counterfoil db check`, `db backup` and `db restore`.

use crate::cli::DbCommand;

pub(crate) fn run(command: DbCommand) -> eyre::Result<()> {
    match command {
        DbCommand::Check { data } => println!("{}", store::check::check(&data)?),
        DbCommand::Backup { data, file } => println!("{}", store::backup::backup(&data, &file)?),
        DbCommand::Restore { data, file } => println!("{}", store::backup::restore(&file, &data)?),
    }
    Ok(())
}
