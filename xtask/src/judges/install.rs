//! Installs what the judges run on: a Python environment, a folder of npm packages and a terminal for cards, all below `target/judges`;
//! a browser and a smart card reader where the system has none.
//!
//! What is installed is pinned in `xtask/judges/requirements.txt` and `xtask/judges/package-lock.json`. A copy of the
//! pinned text beside an installation says that it is complete and of that version; then it is used again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use eyre::{Context, OptionExt, Result, bail, ensure};

use super::{scripts, workshop};
use crate::workspace::{cargo, copy_folder, output};

/// The Python environment.
pub(super) struct Python {
    folder: PathBuf,
}

impl Python {
    pub(super) fn prepare() -> Result<Self> {
        let folder = workshop().join("python");
        let requirements = scripts().join("requirements.txt");
        installed_once(&folder, &[&requirements], || install_python(&folder, &requirements))
            .wrap_err("the Python packages of the judges cannot be installed")?;
        Ok(Self { folder })
    }

    /// The interpreter, told not to write its caches beside our scripts.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(self.folder.join("bin").join("python"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// The npm packages: anvil, cast, and the libraries of the flows, with the flows beside them.
pub(super) struct Node {
    folder: PathBuf,
}

impl Node {
    pub(super) fn prepare() -> Result<Self> {
        let folder = workshop().join("npm");
        let pinned = NPM_FILES.map(|name| scripts().join(name));
        installed_once(&folder, &pinned.each_ref(), || install_npm(&folder, &pinned))
            .wrap_err("the npm packages of the judges cannot be installed")?;
        // A module finds its packages in the folders above it, so the flows run from a copy there.
        for flows in ["flows", "console"] {
            copy_folder(&scripts().join(flows), &folder.join(flows))?;
        }
        Ok(Self { folder })
    }

    pub(super) fn flow(&self, name: &str) -> Command {
        self.script("flows", name)
    }

    pub(super) fn script(&self, folder: &str, name: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(self.folder.join(folder).join(name));
        command
    }

    pub(super) fn anvil(&self) -> Result<PathBuf> {
        self.foundry("anvil")
    }

    pub(super) fn cast(&self) -> Result<PathBuf> {
        self.foundry("cast")
    }

    /// The program itself, which is in a package named after the platform: the script in front of it would stand between
    /// us and the process that we stop.
    fn foundry(&self, tool: &str) -> Result<PathBuf> {
        let packages = self.folder.join("node_modules").join("@foundry-rs");
        let prefix = format!("{tool}-");
        fs::read_dir(&packages)?
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path().join("bin").join(tool))
            .find(|program| program.is_file())
            .ok_or_eyre(format!("npm has no {tool} for this platform"))
    }
}

/// A browser by its name on the path: Debian's, which gets the security fixes that no pinned one would.
pub(super) fn chromium() -> Result<&'static str> {
    const CHROMIUM: &str = "chromium";
    or_from_debian(Command::new(CHROMIUM).arg("--version"), &[CHROMIUM]).wrap_err("there is no browser")?;
    Ok(CHROMIUM)
}

/// The PC/SC daemon, a virtual reader and what looks at cards, by their names on the path. Pinned by nothing but Debian's release.
pub(super) fn smart_card_tools() -> Result<()> {
    let missing = missing_smart_card_tools();
    if missing.is_empty() {
        return Ok(());
    }
    from_debian(&missing).wrap_err("there is no smart card reader")?;
    let missing = missing_smart_card_tools();
    ensure!(missing.is_empty(), "{} is not there after it was installed", missing.join(", "));
    Ok(())
}

/// Which of them are not there. A package that was removed is known to dpkg as well.
pub(super) fn missing_smart_card_tools() -> Vec<&'static str> {
    let is_missing = |package: &&str| {
        let mut query = Command::new("dpkg-query");
        query.args(["--show", "--showformat=${db:Status-Status}", package]);
        !output(&mut query).is_ok_and(|status| status == "installed")
    };
    SMART_CARD_PACKAGES.into_iter().filter(is_missing).collect()
}

/// The terminal of crate `emv`, of exactly this version; the folder is named after it.
pub(super) fn emv_test_transaction() -> Result<PathBuf> {
    let folder = workshop().join(format!("emv-{EMV_VERSION}"));
    let program = folder.join("bin").join("emv-test-transaction");
    if !program.is_file() {
        // Unoptimized: it waits for our card, and is built in half the time.
        let mut install = cargo(&["install", "emv", "--debug", "--version", EMV_VERSION, "--locked", "--root"]);
        install.arg(&folder).env("CARGO_TARGET_DIR", folder.join("build"));
        output(&mut install).wrap_err("the terminal of crate emv cannot be installed")?;
    }
    Ok(program)
}

/// Does nothing where the same pinned files were installed before; starts from an empty folder otherwise.
fn installed_once(folder: &Path, pinned: &[&PathBuf], install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = pinned.iter().map(fs::read_to_string).collect::<Result<String, _>>()?;
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    install()?;
    fs::write(stamp, wanted)?;
    Ok(())
}

fn install_python(folder: &Path, requirements: &Path) -> Result<()> {
    let mut create = Command::new("python3");
    create.args(["-m", "venv"]).arg(folder);
    or_from_debian(&mut create, &["python3", "python3-venv"])?;
    let mut install = Command::new(folder.join("bin").join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    output(install.arg(requirements)).map(drop)
}

fn install_npm(folder: &Path, pinned: &[PathBuf]) -> Result<()> {
    or_from_debian(Command::new("npm").arg("--version"), &["nodejs", "npm"])?;
    for file in pinned {
        fs::copy(file, folder.join(file.file_name().ok_or_eyre("a pinned file has a name")?))?;
    }
    // `install` and not `ci`: the packages of other platforms are optional, and where a registry does not have them the
    // lock file cannot hold them, which `ci` refuses. No scripts of packages are run: the programs lie in them as they are.
    let mut install = Command::new("npm");
    install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]);
    output(install.current_dir(folder)).map(drop)
}

/// Runs the command; where that fails, installs the Debian packages that it comes from, and runs it once more.
fn or_from_debian(command: &mut Command, packages: &[&str]) -> Result<()> {
    let Err(missing) = output(command) else {
        return Ok(());
    };
    println!("{missing:#}");
    from_debian(packages).wrap_err_with(|| format!("{missing:#}"))?;
    output(command).map(drop)
}

/// Needs root. Waits for another program that installs; what cannot be refreshed of the lists may still be installed.
fn from_debian(packages: &[&str]) -> Result<()> {
    let named = packages.join(" ");
    println!("installing {named} from Debian");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(["--option", "DPkg::Lock::Timeout=120"]).args(arguments);
        output(command.env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let refreshed = apt(&["update"]);
    let Err(refused) = apt(&[&["install", "--yes"], packages].concat()) else {
        return Ok(());
    };
    let lists = refreshed.err().map_or_else(String::new, |stale| format!("; its lists are old: {stale:#}"));
    bail!("install it with: apt-get install {named} (tried: {refused:#}{lists})")
}

const NPM_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// The last two are for building crate `emv`, and our program with readers.
const SMART_CARD_PACKAGES: [&str; 6] =
    ["pcscd", "vsmartcard-vpcd", "pcsc-tools", "opensc", "libpcsclite-dev", "pkg-config"];
const EMV_VERSION: &str = "0.1.1";
