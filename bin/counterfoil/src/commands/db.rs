//! `counterfoil db check`, `db backup` and `db restore`.

use crate::cli::DbCommand;

pub(crate) fn run(command: DbCommand) -> eyre::Result<()> {
    match command {
        DbCommand::Check { data } => {
            let report = store::check(&data)?;
            println!("{report}");
        }
        DbCommand::Backup { data, file } => {
            let report = store::backup(&data, &file)?;
            println!("{report}");
        }
        DbCommand::Restore { data, file } => {
            let report = store::restore(&file, &data)?;
            println!("{report}");
        }
    }
    Ok(())
}
