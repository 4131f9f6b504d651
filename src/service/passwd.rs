//! `mjpegd passwd` and `mjpegd token`: what to put into the settings file for somebody who is to log in.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context as _, Result, bail};
use argon2::password_hash::{PasswordHasher as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::config::values::{Login, Password, TokenHash};

/// Memory in KiB, passes and lanes: 8 MiB, since a board with 512 MiB has other things to do; half a second on the smallest.
const COST: (u32, u32, u32) = (8192, 3, 1);

/// Asks for a password twice, or reads a line where nobody types, and prints what to put into the settings file.
pub fn print_user(name: &str, out: &mut impl Write) -> Result<bool> {
    let name: String = name.parse::<Login>()?.into();
    let password = ask(&name)?;
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = SaltString::encode_b64(&random::<16>()?).map_err(|error| anyhow::anyhow!("{error}"))?;
    let hash = argon2.hash_password(password.as_str().as_bytes(), &salt);
    let hash = hash.map_err(|error| anyhow::anyhow!("{error}"))?;
    write!(
        out,
        "[[auth.users]]\nname = {name:?}\npassword-hash = \"{hash}\"\nright = \"control\"  # or \"push\": to watch and hand in pictures; \"view\": to watch only\n"
    )?;
    Ok(true)
}

/// Makes a token, and prints it and what to put into the settings file.
pub fn print_token(name: &str, out: &mut impl Write) -> Result<bool> {
    let name: String = name.parse::<Login>()?.into();
    let token = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let hash = TokenHash::new(Sha256::digest(&token).into());
    write!(
        out,
        "# The token, which is shown only now; send it as \"Authorization: Bearer {token}\"\n\
         [[auth.tokens]]\nname = {name:?}\nhash = \"{hash}\"\nright = \"view\"  # or \"push\": to hand in pictures, too; \"control\": everything\n"
    )?;
    Ok(true)
}

fn ask(name: &str) -> Result<Password> {
    let mut line = String::new();
    if io::stdin().is_terminal() {
        line = rpassword::prompt_password(format!("Password of {name}: "))?;
        if rpassword::prompt_password("The same once more: ")? != line {
            bail!("they differ; nothing was made");
        }
    } else {
        io::stdin().lock().read_line(&mut line).context("standard input")?;
    }
    Ok(line.trim_end_matches(['\r', '\n']).parse()?)
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).context("no random numbers")?;
    Ok(bytes)
}
