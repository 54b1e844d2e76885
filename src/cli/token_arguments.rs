//! `token`: what to do with the tokens of the database.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::{DatabaseArgument, name};
use crate::model::error::Result;
use crate::model::record::ME;

#[derive(Debug, Subcommand)]
pub(super) enum TokenArguments {
    /// Make a token and show it, this once: the database keeps its digest alone
    New(TokenNewArguments),
    /// List tokens: whose they are, when they were last used, which are revoked
    List(TokenListArguments),
    /// Revoke tokens: the next request with one of them fails; an upload under way may finish
    Revoke(TokenRevokeArguments),
}

#[derive(Debug, Args)]
pub(super) struct TokenNewArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Whose records its uploads are [default: me]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME")]
    person: Option<String>,
    /// What it is for, to tell it from the person's others: phone, tablet
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Write it to a new file that is yours alone, rather than to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print number, person, label and token as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct TokenListArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Print it as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct TokenRevokeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Numbers of tokens, as `healthsink token list` tells them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
}

/// What `token` needs to know.
#[derive(Clone, Debug)]
pub struct Token {
    /// The database.
    pub db: PathBuf,
    /// What to do with its tokens.
    pub action: TokenAction,
}

/// What to do with tokens.
#[derive(Clone, Debug)]
pub enum TokenAction {
    /// Make one.
    New {
        /// Whose records its uploads are.
        person: String,
        /// What it is for.
        label: Option<String>,
        /// File to write it to; standard output if none.
        out: Option<PathBuf>,
        /// Whether it is printed as JSON.
        json: bool,
    },
    /// List all.
    List {
        /// Whether they are printed as JSON.
        json: bool,
    },
    /// Revoke some.
    Revoke {
        /// Their numbers.
        ids: Vec<i64>,
    },
}

pub(super) fn meant(arguments: TokenArguments) -> Result<Token> {
    let (database, action) = match arguments {
        TokenArguments::New(TokenNewArguments { database, person, label, out, json }) => {
            let person = name("--person", person.unwrap_or_else(|| ME.to_owned()))?;
            let label = label.map(|label| name("--label", label)).transpose()?;
            (database, TokenAction::New { person, label, out, json })
        }
        TokenArguments::List(TokenListArguments { database, json }) => (database, TokenAction::List { json }),
        TokenArguments::Revoke(TokenRevokeArguments { database, ids }) => (database, TokenAction::Revoke { ids }),
    };
    Ok(Token { db: database.db, action })
}
