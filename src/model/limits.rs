//! Every bound of the system, with its unit at the end of its name.
//!
//! Nothing that input can influence has its size elsewhere: `tests/it/limits.rs` looks for other bounds. What is over a limit
//! gets an answer (413, 503, a reject), never memory. `memory` adds the bounds up.

use std::time::Duration;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Longest body, as sent and after decompression, unless `--max-body` gives another limit.
pub const BODY_BYTES_MAX_DEFAULT: u64 = 2 << 30;

/// Compressed bytes in a row that unpack to nothing. Empty gzip members and skippable zstd frames could go on forever.
pub const SILENT_BYTES_MAX: usize = MIB;

/// Uploads at once, unless `--ingests` gives a lower limit; further ones wait.
pub const INGESTS_MAX: usize = 8;

/// Connections open at once over plain HTTP; one more evicts the connection that has been idle for longest.
pub const CONNECTIONS_MAX: usize = 256;

/// The same over TLS, where a connection may take more memory.
pub const TLS_CONNECTIONS_MAX: usize = 112;

/// Connections open at once beyond which a stranger's connection is closed after a file of the page. One that stays may have grown
/// its buffer to [`FRAME_BYTES_MAX`].
pub const STAYING_CONNECTIONS_MAX: usize = 16;

/// Rows of a list on a page without a script.
pub const PLAIN_ROWS_MAX: usize = 20;

/// Letters of a rejected element there.
pub const PLAIN_RAW_LETTERS_MAX: usize = 300;

/// Heart rates of a chart there.
pub const PLAIN_HEART_RATES_MAX: usize = 300;

/// Workouts of a list there: the newest ones.
pub const PLAIN_WORKOUTS_MAX: u64 = 1000;

/// Pages without a script in memory at once, from when they are asked for until they are sent; further ones get 503.
pub const PLAIN_PAGES_MAX: usize = 8;

/// Those of one token: the other half is for others.
pub const PLAIN_PAGES_OF_TOKEN_MAX: usize = PLAIN_PAGES_MAX / 2;

/// Those of them that are made at once: more would slow uploads on two cores.
pub const PLAIN_PAGES_MADE_MAX: usize = 2;

/// How long a page waits for its turn.
pub const PLAIN_PAGE_WAIT: Duration = QUESTION_WAIT;

/// Files of the page that are decompressed at once for clients that take no gzip; further ones get 503.
pub const PAGE_INFLATIONS_MAX: usize = 4;

/// Bytes of a file of the page that are decompressed at a time, for clients that take no gzip.
pub const PAGE_PIECE_BYTES: usize = 16 * KIB;

/// File descriptors for everything but the clients of uploads: database, WAL and index, look-ups, a scrape, TLS files, the
/// runtime, both listeners, [`METRIC_CONNECTIONS_MAX`]. Measured: 21.
pub const FILES_RESERVED: usize = 40;

/// Connections that the limit of open files must leave room for, else the server does not start.
pub const CONNECTIONS_MIN: usize = 8;

/// Bytes that a connection reads before other tasks run. Each task may buffer as much before the data's reader runs.
pub const READ_TURN_BYTES: usize = 32 * KIB;

/// Tokio's budget for one poll of a task, in operations.
pub const TASK_BUDGET: usize = 128;

/// Pause after a connection could not be accepted, mostly because file descriptors are used up.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Shortest time between two log lines of one kind about one address.
pub const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Pairs of an address and a kind of line that are remembered for that; all further addresses of a kind count as one.
pub const LOG_ADDRESSES_MAX: usize = 256;

/// Longest answer to a question of `healthsink setup`.
pub const ANSWER_BYTES_MAX: usize = 1024;

/// Longest state that Tailscale prints of itself.
pub const TAILSCALE_BYTES_MAX: usize = 256 * KIB;

/// Pieces of standard input, of [`READ_BUFFER_BYTES`] each, that wait for an import.
pub const STDIN_PIECES_MAX: usize = 1;

/// How often an import that waits for standard input looks whether it is to stop.
pub const STOP_INTERVAL: Duration = Duration::from_millis(100);

/// Bytes of a section's name that an error shows.
pub const SECTION_SHOWN_BYTES_MAX: usize = 64;

/// Bytes that are read of what a server says of itself.
pub const SERVER_FILE_BYTES_MAX: usize = 64 * KIB;

/// Bytes of a local server's answer that setup reads.
pub const LOCAL_ANSWER_BYTES_MAX: usize = 4 * KIB;

/// How often `healthsink setup` looks for the first upload.
pub const ARRIVAL_INTERVAL: Duration = Duration::from_secs(1);

/// Free bytes of the database's disk below which `/healthz` says that nothing can be stored.
pub const HEALTHY_FREE_BYTES_MIN: u64 = MIB as u64;

/// Longest `--public-url`.
pub const PUBLIC_URL_BYTES_MAX: usize = 255;

/// Names of the certificate that the server's log lists.
pub const CERTIFICATE_NAMES_MAX: usize = 4;

/// Kinds of obstacles that are remembered for `healthsink status`.
pub const OBSTACLES_MAX: usize = 32;

/// Bytes of an obstacle's message; the rest is cut.
pub const OBSTACLE_TEXT_BYTES_MAX: usize = 400;

/// Bytes of a path, a method, a header or a coding in a message; the rest is cut.
pub const OBSTACLE_NAME_BYTES_MAX: usize = 80;

/// Length from which a part of a path with a digit may be a secret, which no message shows.
pub const SECRET_BYTES_MIN: usize = 16;

/// Longest file of obstacles that is read. JSON may need six bytes for one of a message.
pub const OBSTACLES_FILE_BYTES_MAX: usize = OBSTACLES_MAX * (6 * OBSTACLE_TEXT_BYTES_MAX + KIB);

/// Shortest time between two writes of that file.
pub const OBSTACLES_WRITE_INTERVAL: Duration = Duration::from_secs(10);

/// How long `healthsink status` shows an obstacle to people. JSON has all.
pub const OBSTACLES_SHOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long a connection may be without a request before another may evict it. Handshake and headers take one to three round
/// trips. A flood of connections gets through at most [`CONNECTIONS_MAX`] connections in each such time.
pub const CONNECTION_GRACE: Duration = Duration::from_millis(250);

/// Bytes of one element (a sample, a workout with all that is in it, a location). Longer ones are rejected.
pub const ELEMENT_BYTES_MAX: usize = 4 * MIB;

/// Longest number or text in a large element that is always decoded with its small rest: a date or a uuid is shorter.
pub const SCALAR_BYTES: usize = 64;

/// Bytes of an element longer than a group that are read at once.
pub const ELEMENT_READ_BYTES: usize = 4 * KIB;

/// Bytes of lifted elements that are decoded together.
pub const GROUP_BYTES: usize = 64 * KIB;

/// Nodes that simd-json has memory for from the start: its parts of a group with one in four bytes.
pub const GROUP_NODES: usize = GROUP_BYTES / 4;

/// Elements up to this length together are decoded as one group. A longer element is large: it waits on the disk until it is
/// whole, and then for the permit.
pub const GROUP_BYTES_MAX: usize = 2 * GROUP_BYTES;

/// Longest name, string or number outside an element; what is longer is cut there and reported.
pub const SKELETON_STRING_BYTES_MAX: usize = 64 * KIB;

/// Nesting of arrays and objects in an element; a deeper one is rejected.
pub const NESTING_MAX: u32 = 64;

/// Nesting that is read to see whether the body goes on behind it, counted from its root; what is deeper is left out of the
/// value that is rejected.
pub const SKELETON_NESTING_MAX: u32 = 16 * NESTING_MAX;

/// Bytes of a name in the skeleton that are compared with the names of sections: a longer name matches none of them.
pub const SKELETON_NAME_BYTES_MAX: usize = 16;

/// Longest source or unit of a sample, which are stored once and referred to. A longer one stays with its row, in `other`.
pub const SHARED_TEXT_BYTES_MAX: usize = 16 * KIB;

/// Rows of a batch, of all kinds together.
pub const BATCH_ROWS_MAX: usize = 1024;

/// Bytes of text at which a batch is full. The element that crosses the line still joins it.
pub const BATCH_TEXT_BYTES: usize = 128 * KIB;

/// Text of a batch beyond which the ingest reads nothing more until the writer has stored it: one such batch at a time.
pub const BATCH_TEXT_LARGE_BYTES: usize = 2 * BATCH_TEXT_BYTES;

/// Rows of a rare kind (workouts, doses, rejects …) for which an emptied batch keeps its memory.
pub const RARE_ROWS_KEPT: usize = 128;

/// Batches of one ingest: one is filled while the writer has the others. Four small ones overlap better than two large ones
/// (measured: 2 % less time for 500 MB), in the same memory.
pub const BATCHES_PER_INGEST: usize = 4;

/// The same of an ingest into PostgreSQL, which encodes a batch at once and keeps that instead: one, and one of these while any is
/// left. With more uploads at once the processors have enough to do.
pub const BATCHES_SPARE_ELSEWHERE: usize = 2;

/// Raw text that a reject keeps, enough to see what it was; the rest is cut.
pub const REJECT_RAW_BYTES_MAX: usize = 64 * KIB;

/// Rejects of one upload that keep their text; further ones are counted, and a last row says so.
pub const REJECTS_PER_UPLOAD_MAX: u64 = 64 << 10;

/// Requests that may wait for the writer. Each ingest has at most [`BATCHES_PER_INGEST`] under way, and a start or an end; one of
/// them begins or ends a large element.
pub const WRITER_QUEUE: usize = INGESTS_MAX * (BATCHES_PER_INGEST + 1) + 2;

/// New rows that one statement inserts.
pub const INSERT_ROWS: usize = 16;

/// Texts of a row that is inserted with others: the statement keeps a copy of each until the next rows.
pub const INSERT_TEXT_BYTES: usize = KIB;

/// Rows after which the writer commits although more is waiting.
pub const TRANSACTION_ROWS_MAX: usize = 64 << 10;

/// Rows after which the system is asked to write them to the disk ahead of the commit: some two megabytes.
pub const WRITE_BACK_ROWS: usize = 8 * BATCH_ROWS_MAX;

/// Text after which the writer commits although more is waiting: rows may be large. One more batch may follow.
pub const TRANSACTION_BYTES_MAX: usize = 64 * MIB;

/// Ends of ingests that could not be entered in the ledger and wait until they can be; the oldest are dropped.
pub const LATE_ENDS_MAX: usize = 4 * INGESTS_MAX;

/// Uploads under way of which a program notes the numbers for others, 8 bytes each.
pub const RUNNING_UPLOADS_MAX: usize = INGESTS_MAX + LATE_ENDS_MAX;

/// Bytes of the file with these numbers, and with a mark that further ones follow.
pub const RUNNING_FILE_BYTES_MAX: usize = 8 * (RUNNING_UPLOADS_MAX + 1);

/// Programs that store uploads in one database at once and are distinguished.
pub const WRITING_PROGRAMS_MAX: usize = 32;

/// Idle time after which the writer commits rows of an upload on a slow network. After the same time again it moves the WAL
/// into the database.
pub const COMMIT_IDLE: Duration = Duration::from_millis(250);

/// How long the answer of an ingest that has ended waits for others to share its commit: a commit of a slow disk.
pub const COMMIT_SHARED: Duration = Duration::from_millis(50);

/// Statements that the writer's connection keeps prepared.
pub const STATEMENTS_CACHED_MAX: usize = 64;

/// SQLite's page cache in the writer's connection.
pub const PAGE_CACHE_BYTES: usize = 2 * MIB;

/// The same while a large element is decoded and written.
pub const LARGE_CACHE_BYTES: usize = 256 * KIB;

/// Pages in the WAL after which SQLite moves them into the database within a commit, unless an answer waits for it.
pub const CHECKPOINT_PAGES: u32 = 2000;

/// Size to which the WAL is cut after it was moved into the database.
pub const WAL_KEEP_BYTES: u64 = 16 * MIB as u64;

/// Length of the WAL beyond which new rows are refused, unless `--max-wal` sets another. A program that reads for long keeps
/// the WAL from starting over. The value is a small part of an SD card, and about three times the worst transaction: a page
/// for each row, and [`TRANSACTION_BYTES_MAX`] of text. The WAL may hold one transaction more.
pub const WAL_BYTES_MAX_DEFAULT: u64 = 1 << 30;

/// Least value of `--max-wal`.
pub const WAL_BYTES_MAX_MIN: u64 = MIB as u64;

/// Pause before an idle writer retries to move a WAL that a reader holds.
pub const CHECKPOINT_RETRY: Duration = Duration::from_secs(1);

/// How long a write waits for another process that holds the database.
pub const BUSY_WAIT: Duration = Duration::from_secs(10);

/// How often a program that waits to write looks whether it may.
pub const LOCK_POLL: Duration = Duration::from_millis(1);

/// Age at which the writer commits although more is waiting, if another program waits to write.
pub const TRANSACTION_TIME_IF_AWAITED: Duration = Duration::from_millis(100);

/// Days and nights that are being computed wait once the WAL has this share of its limit, while uploads run: a reader keeps
/// it from being moved.
pub const DERIVED_WAL_SHARE: u64 = 8;

/// How long the last checkpoint waits for readers.
pub const CHECKPOINT_WAIT: Duration = Duration::from_secs(1);

/// Pages that a backup copies between two reports of its progress.
pub const BACKUP_STEP_PAGES: i32 = 256;

/// SQLite's page cache of the connection that writes a backup.
pub const BACKUP_CACHE_BYTES: usize = MIB;

/// How long a command that needs an exclusive lock on the database waits for other programs to close it.
pub const EXCLUSIVE_WAIT: Duration = Duration::from_secs(2);

/// Longest file of `token import`.
pub const ROSTER_BYTES_MAX: u64 = 16 * MIB as u64;

/// Tokens that a file makes at once.
pub const ROSTER_LINES_MAX: usize = 100_000;

/// Faults of such a file that are shown.
pub const ROSTER_FAULTS_SHOWN_MAX: usize = 20;

/// Longest proof of an erasure that is read.
pub const PROOF_BYTES_MAX: u64 = 16 * MIB as u64;

/// Tokens that one statement enters into PostgreSQL.
pub const TOKENS_ENTERED_EACH: usize = 1000;

/// The last uploads that `status` lists.
pub const UPLOADS_LISTED_MAX: u32 = 10;

/// Backups and older databases that `forget` names.
pub const COPIES_NAMED_MAX: usize = 32;

/// Persons that a message names.
pub const PERSONS_NAMED_MAX: usize = 8;

/// Phones, and other ways by which records come, that `status` lists.
pub const PHONES_LISTED_MAX: u32 = 100;

/// Free bytes of the database's disk below which `status` warns, also if the database is smaller.
pub const DISK_FREE_BYTES_MIN: u64 = 256 << 20;

/// Faults of one kind that `check` lists.
pub const CHECK_FAULTS_MAX: u32 = 20;

/// Symbolic links that are followed to a backup or a database, as many as Linux follows.
pub const LINKS_MAX: usize = 40;

/// Greatest value of `--keep`.
pub const BACKUPS_KEPT_MAX: u32 = 10_000;

/// How many times a backup is made before a change of persons, if uploads come meanwhile.
pub const BACKUPS_BEFORE_CHANGE_MAX: u32 = 3;

/// How often a progress bar is drawn.
pub const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Series of last samples in one scrape of `/metrics`, one for each person and type; further ones are only counted. Each
/// person has an equal share, so that nobody can hide another's.
pub const METRIC_SERIES_MAX: usize = 1024;

/// Types of persons in PostgreSQL that a scrape counts, to say how many have no series.
pub const METRIC_COUNTED_MAX: usize = 64 << 10;

/// How far in the future a last upload or sample may be. A later one comes from a wrong clock, and would silence an alert until
/// then.
pub const METRIC_AHEAD_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest name of a type or a person in a label.
pub const METRIC_LABEL_BYTES_MAX: usize = 128;

/// Connections at once to the metrics' own address.
pub const METRIC_CONNECTIONS_MAX: usize = 8;

/// Scrapes at once; a further one gets 503.
pub const METRIC_SCRAPES_MAX: usize = 1;

/// Page cache of the connection that a scrape reads with.
pub const METRIC_CACHE_BYTES: usize = 128 * KIB;

/// How long `healthcheck` waits for the whole answer.
pub const HEALTHCHECK_WAIT: Duration = Duration::from_secs(5);

/// Bytes of that answer that it reads.
pub const HEALTHCHECK_BYTES_MAX: usize = 4 * KIB;

/// Ids that each of the writer's dictionaries of types, units and sources remembers; a full one is cleared.
pub const DICTIONARY_ENTRIES_MAX: usize = 1024;

/// Longest text that such a dictionary remembers; the id of a longer one is queried each time.
pub const DICTIONARY_TEXT_BYTES_MAX: usize = 2 * KIB;

/// Distinct metadata texts that are stored once and referred to.
pub const METADATA_SHARED_MAX: usize = 4096;

/// Longest metadata text that is shared; a longer one is unlikely to repeat.
pub const METADATA_SHARED_BYTES_MAX: usize = 160;

/// Texts of a sample or a location, together, beyond which they are kept outside of its row.
pub const LONG_TEXT_BYTES: usize = 4 * KIB;

/// Metadata texts remembered as seen once; at the second time they become shared.
pub const METADATA_CANDIDATES_MAX: usize = 1024;

/// Rows of one second that are compared one by one with a record. Records of a second with more wait for the end of their document. A
/// meal's entries are some fifty at most.
pub const MATCH_ROWS_MAX: u32 = 256;

/// SQLite's memory for the records that wait, and for the lists of the second that they are matched in. The rest is on the disk.
pub const WAITING_CACHE_BYTES: usize = 512 * KIB;

/// SQLite's memory for a workbench: the rows of the work for one person. The rest is on the disk.
pub const WORKBENCH_CACHE_BYTES: usize = 512 * KIB;

/// Bytes of a page of a workbench.
pub const WORKBENCH_PAGE_BYTES: u32 = 1 << 10;

/// Workbenches of uploads at once. An upload that needs a further one waits until another one commits.
pub const WORKBENCHES_MAX: usize = 2;

/// How long an upload into PostgreSQL waits for its turn: for other uploads of its person, and for a workbench.
pub const TURN_WAIT: Duration = Duration::from_secs(5 * 60);

/// Rows that a workbench is given before it is emptied, between two batches.
pub const WORKBENCH_ROWS_MAX: usize = 128 << 10;

/// Rows from which it is emptied table by table.
pub const WORKBENCH_ROWS_CLEARED: usize = BATCH_ROWS_MAX;

/// Spans of time and identities that a workbench remembers to have been given, before it is emptied.
pub const WORKBENCH_ENTRIES_MAX: usize = 16 << 10;

/// Rows of batches after which a workbench hands over what it has changed.
pub const WORKBENCH_CHANGES_MAX: usize = 16 << 10;

/// Locations after which it does: PostgreSQL copies those of a batch while the workbench has the next one.
pub const WORKBENCH_LOCATIONS_MAX: usize = BATCH_ROWS_MAX;

/// Ids of texts that a workbench remembers to have, for each kind.
pub const WORKBENCH_IDS_MAX: usize = 4096;

/// Spans of one question to the database that keeps the rows.
pub const WORKBENCH_SPANS_EACH: usize = 512;

/// Rounds in which a workbench follows identities of workouts: an identity, a row, what others have of it, and their identities.
pub const WORKBENCH_ROUNDS_MAX: usize = 8;

/// Time between two samples within which the rows between them are also loaded.
pub const WORKBENCH_GAP_MS: i64 = 60_000;

/// Columns of a table in a workbench.
pub const WORKBENCH_COLUMNS_MAX: usize = 32;

/// Rows in a list of such a second that are tried for a record, although they are not the same measurement: their values differ, but
/// almost not.
pub const CROWD_TRIES_MAX: usize = 64;

/// Figures of Health Auto Export of one time and source that are listed to be compared, if they are more.
pub const FIGURES_LISTED_MAX: u32 = 16 << 10;

/// Rows that may be listed again for each further figure.
pub const FIGURES_LISTED_EACH: u32 = 32;

/// Such seconds that an upload remembers. Of the one that is matched: lists that are empty, and names of its records' sources.
pub const CROWD_REMEMBERED_MAX: usize = 1024;

/// Identities of equal records that are tried one after the other.
pub const IDENTITIES_TRIED_MAX: usize = 8;

/// Equal lists of beats that begin and end together, of as many devices. A further one takes the row of the last.
pub const BEATS_EQUAL_MAX: u32 = 64;

/// Numbers of rows that an import remembers together as claimed: a bit for each.
pub const CLAIM_CHUNK_BITS: usize = 4096;

/// Such groups that an import remembers in part. A group of which all rows are claimed takes no memory, so an import reaches the
/// bound only if it claims a few rows in each of 15 million. Beyond it, equal records may be stored once instead of several
/// times.
pub const CLAIM_CHUNKS_MAX: usize = 3840;

/// The same of lists of beats, which stand beside each other.
pub const BEATS_CLAIM_CHUNKS_MAX: usize = 32;

/// Lists of beats of a database that can be remembered as claimed: 400 a day for 27 years.
pub const BEATS_CLAIM_NUMBERS_MAX: usize = 1 << 22;

/// Numbers of rows, counted over all imports of a database, that can be remembered as claimed.
pub const CLAIM_NUMBERS_MAX: usize = 1 << 27;

/// Workouts of one activity that start and end in the same seconds, and are compared with one that arrives, for each of two kinds
/// of identity. Real data has a watch's workout and another app's copies of it.
pub const WORKOUT_MATCHES_MAX: usize = 16;

/// Bytes of a figure's other fields that are compared with those of several stored ones. Longer ones are the same if their texts
/// are equal.
pub const FIGURE_FIELDS_BYTES_MAX: u32 = 64 << 10;

/// Bytes of a workout's metadata or other fields in which facts are searched that distinguish it from a stored one: SQLite takes
/// several times the length to read JSON.
pub const WORKOUT_FACTS_BYTES_MAX: u32 = 64 << 10;

/// Earlier states of a figure of Health Auto Export that its row remembers, eight bytes each: those of a day, every half hour.
pub const FIGURE_STATES_MAX: usize = 48;

/// Contents of figures of one time that a merge of persons counts, 24 bytes each.
pub const MERGED_CONTENTS_MAX: usize = 64 << 10;

/// Earlier values of a sample that its row remembers, if the app has corrected it.
pub const SAMPLE_STATES_MAX: usize = 8;

/// Activities whose workouts are compared with one that arrives without an activity.
pub const WORKOUT_ACTIVITIES_MAX: usize = 16;

/// Stored workouts that an upload remembers as its own, so that each matches one of its workouts: five a week for 27 years.
/// Workouts beyond it are known by their identities only.
pub const WORKOUT_CLAIMS_MAX: usize = (8 << 10) / 8 * 7;

/// Locations of a file that are counted, to see which ones of an earlier file are out of date: 16 hours of one a second. A
/// longer route replaces no other.
pub const ROUTE_LOCATIONS_COUNTED_MAX: usize = (64 << 10) / 8 * 7;

/// Different locations of one time in a route that need not be whole, that are counted to see which ones are equal.
pub const TIME_LOCATIONS_COUNTED_MAX: usize = 1024;

/// Locations of a route that are compared with those of equal workouts, to see which of them the route belongs to.
pub const ROUTE_COMPARED_MAX: u32 = 1024;

/// Locations of one second that one is compared with for that.
pub const SECOND_LOCATIONS_COMPARED_MAX: u32 = 16;

/// Routes of a workout that replace those of an earlier file. Each one costs a search through the locations of all.
pub const ROUTES_REPLACED_MAX: u32 = 16;

/// Records of an import, at least, whose equals are counted before the count of one is forgotten.
pub const EQUALS_WINDOW: usize = 8 << 10;

/// Records of an export that correlations may have, as many as are remembered to know which of theirs are at the top level also.
pub const MEMBERS_SEEN_MAX: usize = (32 << 10) / 8 * 7;

/// Distinct sources whose rendered form an import keeps.
pub const IMPORT_SOURCES_MAX: usize = 64;

/// Bytes of one element of Apple's XML with all that is in it: a workout with thousands of events, a list of beats.
pub const IMPORT_ELEMENT_BYTES_MAX: usize = MIB;

/// Bytes of elements with numbers of two readings that wait for the other numbers of their file.
pub const WAITING_BYTES_MAX: usize = 256 * KIB;

/// The same for a file whose other numbers have decimal points. Before that is full, thousands of records have shown it; all
/// that waits is parsed twice.
pub const WAITING_BYTES_USUAL: usize = 64 * KIB;

/// Levels of elements within an element of Apple's XML, which has four.
pub const XML_NESTING_MAX: usize = 32;

/// Elements in one element of Apple's XML.
pub const XML_ELEMENTS_MAX: usize = 32 << 10;

/// Attributes in one element of Apple's XML and in those within it.
pub const XML_ATTRIBUTES_MAX: usize = 64 << 10;

/// Elements, and attributes, for which a parsed element keeps its memory.
pub const XML_PARTS_KEPT: usize = 1024;

/// Bytes that may precede the root of an XML document.
pub const XML_PROLOG_BYTES_MAX: usize = 16 * MIB;

/// Names of elements within others that an import counts separately.
pub const WITHIN_NAMES_MAX: usize = 256;

/// Bytes of a file of Apple's export that is one clinical record, with a scanned page.
pub const CLINICAL_FILE_BYTES_MAX: usize = 4 * MIB;

/// Bytes of an electrocardiogram's file: thirty seconds take 200 KiB at most.
pub const ECG_FILE_BYTES_MAX: usize = 512 * KIB;

/// Lines of an electrocardiogram's file that describe the recording; Apple writes ten.
pub const ECG_DESCRIPTIONS_MAX: usize = 64;

/// Lines of an electrocardiogram's file that may be rejected; with more of them it is another file.
pub const ECG_LINES_REJECTED_MAX: usize = 64;

/// Bytes that a rejected electrocardiogram's file is kept with.
pub const ECG_REJECT_BYTES_MAX: usize = 4 * KIB;

/// Bytes of JSON, without blanks, of one element of Health Auto Export: a point, a location, what is left of a workout without its
/// points, or an element of a section without a table, beside the lists that go to pieces.
pub const AUTO_EXPORT_OTHER_BYTES_MAX: usize = ELEMENT_BYTES_MAX;

/// Bytes of such an element beyond which its lists go to pieces. An electrocardiogram of thirty seconds has 1.1 MB.
pub const AUTO_EXPORT_WHOLE_BYTES_MAX: usize = 9 * MIB / 4;

/// Bytes of a text there that the parser gathers, and of a name. The rest of a text is read beside it.
pub const AUTO_EXPORT_TEXT_BYTES: usize = 64 * KIB;

/// Bytes of a number there that its value depends on; as many may follow that are no digits.
pub const AUTO_EXPORT_NUMBER_BYTES_MAX: usize = KIB;

/// Bytes at which a piece of a long list ends. The item that crosses the line still joins it.
pub const AUTO_EXPORT_PIECE_BYTES: usize = 64 * KIB;

/// Bytes that a member of such an element counts beside its name and value: what is kept of it while it is read.
pub const AUTO_EXPORT_MEMBER_BYTES: usize = 192;

/// Memory of the values of a short part of an element, and of what does not fit its place.
pub const AUTO_EXPORT_VALUE_BYTES_MAX: usize = MIB;

/// Workouts in a file of Health Auto Export, whose titles are kept between its two readings.
pub const AUTO_EXPORT_WORKOUTS_MAX: usize = 16 << 10;

/// Titles that are kept in one list, which has room for all of them.
pub const AUTO_EXPORT_TITLES_BLOCK: usize = 512;

/// Metrics in such a file that are remembered between its two readings because their name follows their data.
pub const AUTO_EXPORT_METRICS_MAX: usize = 192;

/// Workouts and metrics that such a document may have before it waits for the permit of large elements.
pub const AUTO_EXPORT_SMALL_MAX: usize = 512;

/// Workouts there with the same name and times whose identities follow each other, as in earlier versions.
pub const AUTO_EXPORT_EQUALS_MAX: u32 = 64;

/// Times and contents of points there, at least, that are remembered to count equal ones. If equal ones may be further apart, the
/// store counts them, on the disk.
pub const AUTO_EXPORT_POINTS_WINDOW: usize = KIB / 2;

/// Points whose times and contents fit into that window.
pub const AUTO_EXPORT_NEAR_POINTS_MAX: usize = AUTO_EXPORT_POINTS_WINDOW / 2;

/// Workouts and elements there, at least, that are remembered to count equal ones.
pub const AUTO_EXPORT_ELEMENTS_WINDOW: usize = KIB;

/// Times there at which workouts overlap. Further ones become one with the last.
pub const AUTO_EXPORT_OVERLAPS_MAX: usize = KIB / 4;

/// Rows and sources, at least, that an upload remembers as claimed.
pub const AUTO_EXPORT_REPEATS_WINDOW: usize = 2 << 10;

/// Sources of metrics there that are remembered for a long document, to know which ones were renamed.
pub const AUTO_EXPORT_SOURCES_MAX: usize = 1 << 10;

/// Longest text there that may be a unit; only digests of longer texts are compared.
pub const AUTO_EXPORT_UNIT_BYTES_MAX: usize = 64;

/// Numbers of one object there that its unit may be of; a further one is compared as it stands.
pub const AUTO_EXPORT_UNIT_NUMBERS_MAX: usize = 16;

/// Elements there with equal content beside the one in question that are compared in whole, in either direction.
pub const AUTO_EXPORT_EQUALS_COMPARED_MAX: u32 = 16;

/// Bytes of a body that is kept on the disk because it is read twice: years of Health Auto Export.
pub const SPOOL_BYTES_MAX: u64 = 512 * MIB as u64;

/// Buffer of each of its two readers.
pub const SPOOL_BUFFER_BYTES: usize = 16 * KIB;

/// Longest name of a metric or a workout there.
pub const AUTO_EXPORT_NAME_BYTES_MAX: usize = 256;

/// Routes that an export's workouts may refer to: ten a week for 27 years, as many as a hash table of 16 Ki places holds.
pub const ROUTE_FILES_MAX: usize = (16 << 10) / 8 * 7;

/// Files of routes whose names have letters of an unknown character set, that are matched by what is left of them.
pub const ROUTE_GUESSES_MAX: usize = (1 << 10) / 8 * 7;

/// Files of an import that its report names, of those that were not read and of those that are missing.
pub const FILES_NAMED_MAX: usize = 16;

/// Folders within folders that an import lists.
pub const FOLDERS_NESTED_MAX: u32 = 16;

/// Members of an archive.
pub const ARCHIVE_MEMBERS_MAX: u64 = 50_000;

/// Bytes of the names of all members of an archive.
pub const ARCHIVE_NAMES_BYTES_MAX: usize = 2 * MIB;

/// Bytes of a key in JSON that are compared with the known ones: a longer key is unknown.
pub const SHAPE_NAME_BYTES_MAX: usize = 32;

/// Characters of a parser's message or an entity's name that a reject's reason shows.
pub const DETAIL_CHARACTERS_MAX: usize = 200;

/// Characters of a number that a reject's reason shows.
pub const DETAIL_DIGITS_MAX: usize = 40;

/// Levels of a JSON document at which keys are compared, to find out whose it is.
pub const SHAPE_LEVELS_MAX: usize = 5;

/// Bytes at the start of a file or body that show its format.
pub const SNIFF_BYTES: usize = 32 * KIB;

/// Bytes at the start of JSON that are read to find out whose it is, if the first ones do not show it. A long text may be first.
pub const SHAPE_BYTES_MAX: usize = 2 * ELEMENT_BYTES_MAX;

/// Bytes at the start of a body that is not JSON which show its format.
pub const FOREIGN_BYTES: usize = 6;

/// The same for what begins with an angle bracket.
pub const MARKUP_BYTES: usize = 256;

/// Bytes at the start of a file that show the encoding of its text.
pub const CHARSET_BYTES: usize = 4 * KIB;

/// Longest date in any language, in bytes. A longer text is not a date.
pub const DATE_BYTES_MAX: usize = 128;

/// Bytes of a number in any language.
pub const NUMBER_BYTES_MAX: usize = 128;

/// Longest name of an archive's member.
pub const ARCHIVE_NAME_BYTES_MAX: usize = 4 * KIB;

/// Bytes that an input of any size may unpack to …
pub const UNPACKED_BYTES_FREE: u64 = 64 * MIB as u64;

/// … and the ratio of unpacked to packed size beyond that. Apple's XML packs to a thirtieth.
pub const UNPACKED_RATIO_MAX: u64 = 200;

/// Types, skipped reasons and other names that the summary of an import distinguishes.
pub const TALLY_NAMES_MAX: usize = 1024;

/// Bytes of such a name; a longer one is cut and ends in a digest.
pub const TALLY_NAME_BYTES_MAX: usize = 96;

/// Types that `status` lists for people; it counts further ones, and `status --json` lists all.
pub const TYPES_LISTED_MAX: u64 = 1000;

/// Columns of a name in tables for people; longer names are cut and end in `…`.
pub const NAME_COLUMNS_MAX: usize = 64;

/// Columns of a file's path in messages.
pub const PATH_COLUMNS_MAX: usize = 1024;

/// Columns of a message in tables for people.
pub const MESSAGE_COLUMNS_MAX: usize = 400;

/// Frames of a request body between the connection and the decoder.
pub const BODY_FRAMES: usize = 4;

/// hyper's read buffer, hence the longest frame.
pub const FRAME_BYTES_MAX: usize = 64 * KIB;

/// Buffer for reading a file, standard input or the output of a decompressor.
pub const READ_BUFFER_BYTES: usize = 64 * KIB;

/// Largest zstd window, as a power of two: RFC 9659 asks receivers for 8 MiB.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// Uploads at once whose coding needs such a window; further ones wait.
pub const ZSTD_BODIES_MAX: usize = 1;

/// Bytes of a request's line and headers.
pub const HEADER_BYTES_MAX: usize = 16 * KIB;

/// How long a client may take for a request's headers, and how long a kept-alive connection may stay idle.
pub const HEADER_WAIT: Duration = Duration::from_secs(10);

/// How long a client may read nothing of what the server writes.
pub const WRITE_WAIT: Duration = HEADER_WAIT;

/// How long a client may stall in total while it sends a body. Sending earns time back.
pub const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that earn one second back. GPRS, the slowest mobile network, is four times as fast.
pub const BODY_BYTES_PER_SECOND_MIN: u32 = 1 << 10;

/// How long a client may stall while all permits are taken and another upload waits. Sending earns up to [`BODY_PATIENCE`],
/// so a phone that sent well may still pause.
pub const BODY_PATIENCE_IF_FULL: Duration = Duration::from_secs(10);

/// Bytes that earn one second back in that case. EDGE has more, and phones that send as much never evict each other.
pub const BODY_BYTES_PER_SECOND_IF_FULL: u32 = 8 << 10;

/// Uploads that wait for a permit; a further one gets 503 with `Retry-After`.
pub const UPLOADS_WAITING_MAX: usize = INGESTS_MAX;

/// How long an upload waits for a permit before it gets 503. A slow upload whose permit is needed commits first. Shorter than
/// [`BODY_PATIENCE_IF_FULL`], so an upload keeps its permit while it pauses for less than that.
pub const PERMIT_WAIT: Duration = Duration::from_secs(5);

/// How often an upload that waits looks for one that has become slow.
pub const PERMIT_LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Shortest `Retry-After` of a 503.
pub const RETRY_AFTER_SECONDS_MIN: u32 = 2;

/// Longest `Retry-After` of a 503. The values between spread clients that came at the same time.
pub const RETRY_AFTER_SECONDS: u32 = 15;

/// How long running uploads may take to finish after the program was asked to stop.
pub const DRAIN: Duration = Duration::from_secs(30);

/// How long the uploads that are aborted after that may take to answer.
pub const STRAGGLERS: Duration = Duration::from_secs(5);

/// How long the rest of a body is read and dropped after an early answer, so that no reset overtakes the answer.
pub const LINGER: Duration = Duration::from_secs(2);

/// Buffer for those bytes.
pub const LINGER_BUFFER_BYTES: usize = 4 * KIB;

/// Most bytes that are dropped that way.
pub const LINGER_BYTES_MAX: usize = 4 * MIB;

/// Log lines that wait for the reader of standard error; further ones are dropped.
pub const LOG_LINES_WAITING_MAX: usize = 256;

/// Longest token file.
pub const TOKEN_BYTES_MAX: usize = 4 * KIB;

/// Shortest token in a file that cannot be guessed if it is random: 24 letters of base32 are 120 bits.
pub const TOKEN_LONG_BYTES: usize = 24;

/// Length below which the server warns about a token in a file.
pub const TOKEN_SHORT_BYTES: usize = 16;

/// Longest name of a person, and longest label of a token.
pub const NAME_BYTES_MAX: usize = 64;

/// How far a token's time of last use may lag: it is not written for each upload.
pub const TOKEN_USE_RESOLUTION: Duration = Duration::from_secs(60);

/// How long a browser's session lasts without being used.
pub const SESSION_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How far a session's time of last use may lag: it is not written for each read.
pub const SESSION_USE_RESOLUTION: Duration = Duration::from_secs(60 * 60);

/// How long the server waits before it asks the writer once more to note the use of a session.
pub const SESSION_NOTE_REPEAT: Duration = Duration::from_secs(10);

/// How long a browser keeps the cookie. Browsers allow no more; the session itself ends earlier unless it is used.
pub const COOKIE_TIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Sessions of one token; one more ends the one that was not used for longest.
pub const SESSIONS_PER_TOKEN_MAX: u32 = 16;

/// How long a code for signing in is valid.
pub const CODE_TIME: Duration = Duration::from_secs(10 * 60);

/// Codes of one token; one more replaces the oldest.
pub const CODES_PER_TOKEN_MAX: u32 = 4;

/// Sign-ins and sign-outs that the writer is asked for at once; further ones wait.
pub const SESSION_CHANGES_MAX: usize = 2;

/// Sign-ins under way; further ones get 503. Strangers hold no more connections with them.
pub const SIGN_INS_MAX: usize = 8;

/// Bytes of a request to sign in.
pub const SIGN_IN_BYTES_MAX: usize = 4 * KIB;

/// How long such a request may take to arrive.
pub const SIGN_IN_WAIT: Duration = Duration::from_secs(5);

/// Longest URL of tiles.
pub const TILE_URL_BYTES_MAX: usize = 512;

/// Longest text that says whose maps the tiles show.
pub const TILE_ATTRIBUTION_BYTES_MAX: usize = 256;

/// Persons that a session names.
pub const SESSION_PEOPLE_MAX: u32 = 1000;

/// SQLite's page cache in the connection that looks tokens up.
pub const TOKEN_CACHE_BYTES: usize = 64 * KIB;

/// How long a token's look-up waits for another process that holds the whole database. All connections wait with it.
pub const TOKEN_WAIT: Duration = Duration::from_millis(100);

/// Wrong tokens that an address may send before it must wait.
pub const ATTEMPTS_FREE: u32 = 5;

/// Longest wait of an address that keeps sending wrong tokens. The wait starts at a second and doubles.
pub const ATTEMPT_WAIT_MAX: Duration = Duration::from_secs(64);

/// How long an address is remembered after its last wrong token.
pub const ATTEMPT_MEMORY: Duration = Duration::from_secs(15 * 60);

/// Addresses remembered for their wrong tokens; all others count as one.
pub const ATTEMPT_ADDRESSES_MAX: usize = 1024;

/// Most reverse proxies, or networks of them, that may be trusted to name their clients.
pub const TRUSTED_PROXIES_MAX: usize = 16;

/// Most origins of other web pages that may read the API.
pub const CORS_ORIGINS_MAX: usize = 16;

/// How long a browser may remember what such a page may send.
pub const CORS_AGE: Duration = Duration::from_secs(600);

/// Changes nearer to each other than this are noted as one: 6 hours. Figures are made for whole days.
pub const CHANGE_GAP_MS: i64 = 6 * 60 * 60 * 1000;

/// Spans that a transaction notes for a type; one span covers more of them.
pub const CHANGE_SPANS_MAX: usize = 64;

/// Types that a transaction notes; all others are noted together.
pub const CHANGE_KINDS_MAX: usize = 1024;

/// Rows of `changes` after which the older ones are compacted, in any file.
pub const CHANGES_ROWS_MAX: i64 = 8 << 10;

/// Rows of `changes` that a small file may have before the older ones are compacted.
pub const CHANGES_ROWS_MIN: i64 = 256;

/// The newest rows of `changes`, which stay as they are; in a small file an eighth of those that it may have.
pub const CHANGES_KEPT: i64 = 1024;

/// Bytes that a row of `changes` takes in the file: with them, the table has at most a hundredth of the file.
pub const CHANGE_BYTES: i64 = 40;

/// Rows of it that are sent to PostgreSQL at once.
pub const CHANGES_SENT: usize = 1024;

/// How far the noted change of a replaced row reaches behind its start: a day, as long as nearly all samples are.
pub const REPLACED_REACH_MS: i64 = 24 * 60 * 60 * 1000;

/// Rows of derived tables that the writer stores in one transaction.
pub const DERIVED_ROWS_MAX: usize = 1024;

/// Parts of tables that the writer replaces in one transaction.
pub const DERIVED_PARTS_MAX: usize = 256;

/// Page cache of the connection that reads samples for derived tables: it reads them once, in their order.
pub const DERIVED_CACHE_BYTES: usize = 512 * KIB;

/// Samples of a workout that are held while a condensed series is searched: an hour and a half with three a second.
pub const CONDENSED_HELD_MAX: usize = 16 << 10;

/// Samples between two looks whether a run that computes derived tables is to stop.
pub const DERIVED_PAUSE_ROWS: u64 = 4096;

/// How many sources a survey skips: those of a phone, a watch and two apps.
pub const SURVEYED_SOURCES: usize = 4;

/// First samples of a type that are read before its figures are made from nothing: nearly all of its sources have some.
pub const SURVEY_FIRST_ROWS: u32 = 512;

/// Samples that a survey reads before it begins again with what it has learned.
pub const SURVEY_ROWS_MIN: u64 = 64;

/// How long days wait for the end of an ingest.
pub const DERIVED_WAIT: Duration = Duration::from_secs(30);

/// How long a program waits for another one that computes the same derived tables, before it takes over.
pub const DERIVED_OVERTAKE: Duration = Duration::from_secs(5);

/// How often an idle server looks whether another program has left changes without their days.
pub const DERIVED_LOOK: Duration = Duration::from_secs(60);

/// How many times as long as it took a server rests after it has computed days: imports beside it need the processor.
pub const DERIVED_REST_FACTOR: u32 = 4;

/// Persons in PostgreSQL whose figures may be behind, of whom a receiver knows at once.
pub const DERIVED_PEOPLE_MAX: usize = 4096;

/// Persons that one look finds.
pub const DERIVED_PEOPLE_PAGE: usize = 256;

/// When a receiver tries a person again whose figures another one computes.
pub const DERIVED_AGAIN: Duration = Duration::from_millis(500);

/// How often a command tries that before it leaves the figures to the other one: for five minutes.
pub const DERIVED_TRIES_MAX: u32 = 600;

/// Time between two looks whether the other one is done.
pub const DERIVED_POLL: Duration = Duration::from_millis(100);

/// Texts of shared metadata that a run remembers.
pub const METADATA_READ_MAX: usize = 4 << 10;

/// Parts of a night that are stored.
pub const NIGHT_SEGMENTS_STORED_MAX: usize = 512;

/// Workouts in which condensed series are searched: a lifetime of several a day.
pub const CONDENSED_WORKOUTS_MAX: usize = 64 << 10;

/// Of a source's samples of a type, so many may be missing from a complete export in percent. If more are, it is an export of a part.
pub const MISSING_SHARE_PERCENT_MAX: u64 = 5;

/// So many may be missing although they are more than that share.
pub const MISSING_ROWS_MIN: u64 = 16;

/// For each missing sample, so many others of its type and source have to be there.
pub const MISSING_PRESENT_MIN: u64 = 4;

/// Samples of one start and end that are read to see whether one of them has replaced another.
pub const MISSING_REPLACEMENTS_MAX: usize = 64;

/// Missing samples whose keys are in memory while a type is read. If there are more, each sample costs a look-up.
pub const MISSING_LISTED_MAX: usize = 16 << 10;

/// Sources of a type among which missing samples are looked for.
pub const MISSING_SOURCES_MAX: usize = 16 << 10;

/// Stretches of time that an explanation prints for people.
pub const EXPLAINED_STRETCHES_MAX: usize = 100;

/// Days of a ring, and workouts of a type, that `verify` prints for people.
pub const DIFFERENCES_LISTED_MAX: usize = 50;

/// Figures of workouts that `verify` prints as JSON, of all types together.
pub const DIFFERENCES_KEPT_MAX: usize = 16 << 10;

/// Types whose figures in workouts `verify` compares.
pub const WORKOUT_REPORTS_MAX: usize = 512;

/// Longest statistics and events of a workout that `verify` reads.
pub const WORKOUT_TEXT_COMPARED_BYTES_MAX: usize = 1 << 20;

/// Samples of one type in a workout that `verify` compares.
pub const WORKOUT_SAMPLES_MAX: usize = 64 << 10;

/// Samples longer than 400 days that `verify` lists.
pub const LONG_SAMPLES_LISTED_MAX: usize = 1000;

/// Days of a report.
pub const REPORT_DAYS_MAX: u16 = 366;

/// Days of which a report shows the means beside its own.
pub const REPORT_MEAN_DAYS: i32 = 28;

/// Activities and medications that a report lists.
pub const REPORT_LIST_MAX: i64 = 100;

/// Samples of a type that may be under way at one instant while figures are made. Beyond, the one that ends first is closed early
/// and the figure is marked approximate.
pub const STATISTICS_ACTIVE_MAX: usize = 64 << 10;

/// Longest sample that counts for days, in milliseconds: 400 days. Longer ones are listed.
pub const STATISTICS_SAMPLE_MS_MAX: i64 = 400 * 24 * 60 * 60 * 1000;

/// Source groups of a person that are ranked; further ones share the last rank.
pub const SOURCE_GROUPS_MAX: usize = 1024;

/// Source groups of a person that are kept apart. Sources of further ones are one group, of no class.
pub const SOURCE_GROUPS_KEPT_MAX: usize = 2 * SOURCE_GROUPS_MAX;

/// Bytes of a source's key or name that figures compare and keep. Identifiers of bundles and names of people's devices are shorter.
pub const SOURCE_KEY_BYTES_MAX: usize = 256;

/// Sources whose group is remembered while figures are made; others are looked up again.
pub const SOURCES_REMEMBERED_MAX: usize = 16 << 10;

/// Sources of a group of which a sample is remembered. A group of more stays as it is when samples of it go.
pub const GROUP_SOURCES_MAX: usize = 1024;

/// Time zones of a person: more than the tz database has.
pub const ZONES_MAX: usize = 1024;

/// Bytes of a new database with no more than SQLite's header: its tables could not be made.
pub const DATABASE_UNFILLED_BYTES: u64 = 4096;

/// Pages of answers that are read at once. More would slow uploads on two cores.
pub const QUESTION_PLACES: usize = 2;

/// Those of one token at once: a token with long reads leaves one to others.
pub const QUESTION_PLACES_OF_TOKEN: usize = QUESTION_PLACES - 1;

/// Niceness of threads that read while an upload is decoded or stored, on Linux. A busy processor then gives them one part in thirty: an
/// upload keeps most of its speed, and a page still ends within its time.
pub const READ_NICENESS: i32 = 15;

/// How long an upload waits for its client before reads get the processor as if there were no upload.
pub const UPLOAD_PAUSE: Duration = Duration::from_millis(50);

/// How long a read waits for one of these places.
pub const QUESTION_WAIT: Duration = Duration::from_secs(5);

/// How long the next page of an answer under way waits for a place: until all other answers of its token have had a page each.
pub const QUESTION_NEXT_WAIT: Duration = Duration::from_secs(20);

/// How long reading one page may take: so long a reader holds the WAL.
pub const QUESTION_TIME_MAX: Duration = Duration::from_secs(5);

/// Steps of SQLite's machine between two looks at the clock.
pub const QUESTION_STEPS: i32 = 4096;

/// SQLite's page cache in a connection for reads.
pub const QUESTION_CACHE_BYTES: usize = 512 * KIB;

/// Bytes of an answer's page, from which on no further row is added.
pub const ANSWER_PAGE_BYTES: usize = 64 * KIB;

/// Texts of one kind that the rows of an answer share, such as names of sources, in memory at once. A longer text has its memory for itself.
pub const SHARED_TEXTS_BYTES_MAX: usize = 16 * KIB;

/// Bytes of an answer that wait for its client at once. A page that is longer is sent in pieces.
pub const ANSWER_PIECE_BYTES_MAX: usize = 2 * ANSWER_PAGE_BYTES;

/// Bytes from which on a page is long: it has the text of one row that is longer than all others. An electrocardiogram is shorter.
pub const ANSWER_LONG_BYTES: usize = 4 * ANSWER_PAGE_BYTES;

/// Long pages that wait for their clients.
pub const LONG_PAGES_MAX: usize = 1;

/// How long a long page waits for another one to be sent.
pub const LONG_PAGE_WAIT: Duration = Duration::from_secs(1);

/// Answers of reads under way; further ones wait.
pub const ANSWERS_MAX: usize = 8;

/// Answers of one token under way: the other half is for others.
pub const ANSWERS_OF_TOKEN_MAX: usize = ANSWERS_MAX / 2;

/// How long an answer waits for figures of an upload that has just ended.
pub const FIGURES_WAIT: Duration = Duration::from_secs(1);

/// For so long an upload has just ended. Later nobody may be computing its figures: the thread rests, or tries again in a while.
pub const FIGURES_AWAITED: Duration = Duration::from_secs(5);

/// How often it looks.
pub const FIGURES_POLL: Duration = Duration::from_millis(50);

/// Points of a series whose size of buckets is not given.
pub const QUESTION_POINTS_DEFAULT: u32 = 500;

/// Points of a series at most.
pub const QUESTION_POINTS_MAX: u32 = 10_000;

/// Rows of JSON unless a limit is given: a client has them all in memory.
pub const QUESTION_ROWS_DEFAULT: u64 = 1000;

/// Rows that a limit may ask for.
pub const QUESTION_ROWS_MAX: u64 = 1_000_000;

/// Rows that are counted for the total of an answer.
pub const QUESTION_TOTAL_MAX: u64 = 1_000_000;

/// Types in one call.
pub const QUESTION_TYPES_MAX: usize = 16;

/// Types of an overview with their days.
pub const OVERVIEW_SERIES_MAX: usize = 12;

/// Types of an overview in all: more than HealthKit has.
pub const OVERVIEW_TYPES_MAX: u32 = 256;

/// Types whose days and samples a connection for reads remembers, so that they are counted once for each state of the database. Of a
/// person with more types they are counted for each type.
pub const TOTALS_KEPT_MAX: usize = 1024;

/// Days that an overview lists of each type at most.
pub const OVERVIEW_DAYS_MAX: i32 = 92;

/// Workouts that an overview lists.
pub const OVERVIEW_WORKOUTS_MAX: u32 = 5;

/// Doses of today that an overview lists.
pub const OVERVIEW_DOSES_MAX: u64 = 64;

/// Clients that follow what changes. They have at most a quarter of the connections.
pub const EVENT_LISTENERS_MAX: usize = 32;

/// Those of one token: ten pages, and some that have not noticed that they are gone.
pub const EVENT_LISTENERS_OF_TOKEN_MAX: usize = EVENT_LISTENERS_MAX / 2;

/// Bytes that a client sends while it follows events, and that are kept for later: a next request.
pub const READ_AHEAD_BYTES_MAX: usize = 512;

/// Events that wait for a client. One that misses some learns that anything may have changed.
pub const EVENT_QUEUE: usize = 16;

/// How long to wait between two looks at what has changed: twice a second is often enough.
pub const EVENT_PACE: Duration = Duration::from_millis(500);

/// How long to wait for a commit, since other programs also write.
pub const EVENT_LOOK: Duration = Duration::from_secs(5);

/// How often the right of a client that follows is checked again.
pub const EVENT_CHECK: Duration = Duration::from_secs(5);

/// How often a client that follows gets a comment, so that no proxy takes its connection for dead.
pub const EVENT_COMMENT: Duration = Duration::from_secs(20);

/// Bytes of the names of types in an event: so many types as an event names have less. With more, anything may have changed.
pub const EVENT_TYPES_BYTES_MAX: usize = 4 * KIB;

/// Types that an event names. With more, anything may have changed.
pub const EVENT_TYPES_MAX: usize = 64;

/// Last rows of the ledger among which uploads under way, and those that ended otherwise than well, are looked for.
pub const LEDGER_RECENT_ROWS: i64 = 1024;

/// Sources that an answer names.
pub const QUESTION_SOURCES_MAX: u32 = 100;

/// Sources that a question remembers: another one is added for each version of a device's system.
pub const QUESTION_SOURCES_KNOWN_MAX: usize = 4096;

/// Sources that a refusal names.
pub const SOURCES_NAMED_MAX: u32 = 8;

/// Bytes of a source's name in a refusal.
pub const SOURCE_NAME_BYTES_MAX: u32 = 64;

/// Bytes of a cursor: six columns of a key, some of them names, in hexadecimal. No page ends at a row whose cursor would be longer.
/// A request with it is shorter than `HEADER_BYTES_MAX`.
pub const CURSOR_BYTES_MAX: usize = 8 * KIB;

/// Other identities of a workout under which its locations are looked for.
pub const WORKOUT_ALIASES_READ_MAX: u32 = 16;

/// Events of a workout among which its pauses are looked for.
pub const WORKOUT_EVENTS_READ_MAX: u32 = 10_000;

/// Splits of a workout. The last one is longer if the way is.
pub const SPLITS_MAX: usize = 1000;

/// Locations that a line for a map is made from. Of a longer route every second one is left out, and so on.
pub const ROUTE_POINTS_READ_MAX: usize = 32 << 10;

/// Bytes of a parameter's value other than a cursor.
pub const PARAMETER_BYTES_MAX: usize = 4 * KIB;

/// Pages of an answer that a page of HTML shows: each has `ANSWER_PAGE_BYTES`.
pub const INSIDE_PAGES_MAX: usize = 8;

/// Columns of a table that clients read.
pub const LISTING_COLUMNS_MAX: usize = 21;

/// Width of a chart if none is given.
pub const CHART_WIDTH_PX: u32 = 720;

/// Height of a chart if none is given.
pub const CHART_HEIGHT_PX: u32 = 320;

/// Days up to today in a chart: a century.
pub const CHART_DAYS_MAX: u64 = 36_525;

/// Width of a chart that has room for labels.
pub const CHART_WIDTH_PX_MIN: u32 = 160;

/// Width of a chart at most: a wide screen with twice as many pixels.
pub const CHART_WIDTH_PX_MAX: u32 = 2560;

/// Height of a chart that has room for labels.
pub const CHART_HEIGHT_PX_MIN: u32 = 120;

/// Height of a chart at most.
pub const CHART_HEIGHT_PX_MAX: u32 = 1440;

/// Places in a time at which the clocks of a chart are looked at: one for each day of eleven years.
pub const SHIFT_STEPS_MAX: i64 = 4096;

/// Figures of a chart.
pub const CHART_POINTS_MAX: usize = 2000;

/// Figures of a chart up to which each has its text for a pointer.
pub const CHART_TIPS_MAX: usize = 400;

/// Parts of nights in a chart.
pub const CHART_PARTS_MAX: usize = 8 << 10;

/// Stages of nights that are read for a chart, of all nights in it.
pub const CHART_STAGES_READ_MAX: usize = 64 << 10;

/// Bytes of a chart, which the bounds of its marks keep.
pub const CHART_BYTES_MAX: usize = 512 * KIB;

/// Lines that hatch a rectangle of a chart.
pub const CHART_HATCH_LINES_MAX: usize = 600;

/// Numbers on an axis of a chart.
pub const CHART_AXIS_NUMBERS_MAX: usize = 16;

/// Changes of a person's zone; further ones are left out.
pub const ZONE_CHANGES_MAX: usize = 16 << 10;

/// Stretches in which one source counts that a day lists; further ones are left out.
pub const STRETCHES_MAX: usize = 4 << 10;

/// Values of a category that a day lists; further ones are counted together.
pub const CATEGORY_VALUES_MAX: usize = 32;

/// Parts of a period of sleep that are kept with their times. Sums include further ones.
pub const SLEEP_SEGMENTS_MAX: usize = 4 << 10;

/// Samples that are searched together for condensed series.
pub const CONDENSED_WINDOW_ROWS_MAX: usize = 64 << 10;

/// Longest file of a certificate chain or of a key.
pub const TLS_FILE_BYTES_MAX: usize = 256 * KIB;

/// Shortest time between two checks of the certificate's files. Only a new connection checks them.
pub const TLS_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two attempts to load unchanged files that could not be used: a certificate may have become valid.
pub const TLS_RETRY_INTERVAL: Duration = Duration::from_secs(60);

/// How long a client may take for the TLS handshake.
pub const TLS_HANDSHAKE_WAIT: Duration = Duration::from_secs(10);

/// Requests at once on one HTTP/2 connection: more uploads than may run at once would only be refused.
pub const H2_STREAMS_MAX: u32 = 8;

/// Bytes of an HTTP/2 body that a client may send ahead of the reader. With 50 ms to the phone, they allow 5 MB/s.
pub const H2_STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// The same for all bodies of one connection together.
pub const H2_CONNECTION_WINDOW_BYTES: u32 = 2 * H2_STREAM_WINDOW_BYTES;

/// Longest HTTP/2 frame. It is the smallest limit that the protocol allows, and the size of a TLS record.
pub const H2_FRAME_BYTES_MAX: u32 = 16 << 10;

/// Bytes of answers that wait to be sent on an HTTP/2 connection.
pub const H2_SEND_BYTES_MAX: usize = 64 * KIB;

/// Streams that a client may reset early, and streams that it may make the server reset, before the connection is closed.
pub const H2_RESETS_MAX: usize = 32;

/// Wait for a connection to PostgreSQL.
pub const STORE_CONNECT_WAIT: Duration = Duration::from_secs(5);

/// Wait for an answer of PostgreSQL, which itself ends a statement after a minute.
pub const STORE_ANSWER_WAIT: Duration = Duration::from_secs(90);

/// The same for a command that counts, deletes or changes all rows, whose statements PostgreSQL does not end.
pub const STORE_LONG_ANSWER_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Statements that a connection to PostgreSQL keeps prepared.
pub const STORE_STATEMENTS_MAX: usize = 128;

/// How long a command may look at one state of a database in PostgreSQL.
pub const COMMAND_TIME_MAX: Duration = Duration::from_secs(300);

/// How long a follower waits at its start for transactions under way, before it tries again.
pub const SETTLED_WAIT: Duration = Duration::from_secs(3);

/// Time between two looks whether they have ended.
pub const SETTLED_POLL: Duration = Duration::from_millis(50);

/// Rows that a window on PostgreSQL brings at first. Then it brings more at once, up to [`WINDOW_ROWS_MAX`].
pub const WINDOW_ROWS_FIRST: usize = 32;

/// Rows that a window brings at once.
pub const WINDOW_ROWS_MAX: usize = 4096;

/// Bytes of rows at once after which fewer are brought.
pub const WINDOW_BYTES: usize = 256 * KIB;

/// Texts of each kind that the windows of a connection remember.
pub const WINDOW_TEXTS_MAX: usize = 4096;

/// Cursors that are closed together with the next question. Others are closed at the end of the page.
pub const WINDOW_CURSORS_CLOSED: usize = 256;

/// Wait for the look-up of a token in PostgreSQL. A client that waits longer gets 503.
pub const TOKEN_ANSWER_WAIT: Duration = Duration::from_secs(1);

/// Look-ups that may wait for PostgreSQL.
pub const TOKEN_QUESTIONS_MAX: usize = 16;

/// Samples that are copied to PostgreSQL at once, and the bytes after which fewer are. The next ones gather meanwhile.
pub const STAGE_GROUP_ROWS: u64 = 8 << 10;

/// See [`STAGE_GROUP_ROWS`].
pub const STAGE_GROUP_BYTES: usize = 128 * KIB;

/// The bytes of a group of rows of a workbench: a batch of locations.
pub const TRANSFER_GROUP_BYTES: usize = 192 * KIB;

/// Spans of time of a group of samples that there is memory for from the start: about one for each row of such a group.
pub const STAGE_GROUP_SPANS: usize = 1 << 10;

/// Bytes of a row that may follow the last one of such a group, before it takes more memory.
pub const STAGE_ROW_BYTES: usize = 16 * KIB;

/// Keys of stored samples that a transaction knows, of all types, before it forgets them; one question brings as many more.
pub const STORED_KEYS_MAX: usize = 2 << 10;

/// Types of which it knows them. A group of samples with more types is merged as a whole.
pub const STORED_TYPES_MAX: usize = 128;

/// Bytes of a message of COPY. Larger ones are not faster (measured).
pub const COPY_FRAME_BYTES: usize = 32 * KIB;

/// Turns in which a connection to PostgreSQL writes what it was given: a few frames and an end.
pub const STORE_PUSH_TURNS: u32 = 8;

/// Ids of texts in each table that a receiver knows to be in PostgreSQL.
pub const DICTIONARY_IDS_MAX: usize = 64 << 10;

/// Rows with one key in a transaction that are written to PostgreSQL one by one. Of further ones the last is written.
pub const REPEATS_MAX: i32 = 64;

/// Corrected samples whose earlier values are read from PostgreSQL at once.
pub const CORRECTIONS_PER_PAGE: i64 = 1024;

/// Bytes of a file with passwords that are read.
pub const PASSWORD_FILE_BYTES_MAX: u64 = 64 * KIB as u64;

/// Bytes of a file of root certificates that are read. Those of systems have a quarter of a megabyte.
pub const ROOT_CERTIFICATES_BYTES_MAX: u64 = 4 * MIB as u64;

/// Followers of a database whose files are read.
pub const FOLLOWERS_MAX: usize = 16;

/// Longest name of a follower.
pub const FOLLOWER_NAME_BYTES_MAX: usize = 32;

/// Bytes of a follower's file: what is under way, and what its target has of each person.
pub const FOLLOWER_FILE_BYTES_MAX: usize = 2 * MIB;

/// Persons that are followed: a follower's file has room for as many.
pub const FOLLOWED_PEOPLE_MAX: usize = 4000;

/// Persons that a follower reads at once.
pub const FOLLOWED_PAGE: usize = 1000;

/// Source groups of a person that a follower's file lists by themselves. More are one digest.
pub const FOLLOW_GROUPS_MAX: usize = 16;

/// Bytes of the names of measurements that a follower has written. What is in further ones is not removed with a person.
pub const FOLLOW_NAMES_BYTES_MAX: usize = 128 * KIB;

/// Changes that a follower reads at once.
pub const FOLLOW_CHANGES_MAX: usize = 4096;

/// Ranges of a person and type that are sent apart; more become one.
pub const FOLLOW_SPANS_MAX: usize = 64;

/// Ranges that are sent in one go; if they are more, each type has one.
pub const FOLLOW_JOBS_MAX: usize = 4096;

/// Tags of a follower's point.
pub const FOLLOW_TAGS_MAX: usize = 5;

/// Fields of a follower's point.
pub const FOLLOW_FIELDS_MAX: usize = 16;

/// How far figures reach around the rows that they are made of: a night begins the evening before, and a day may be in any zone.
pub const FOLLOW_DAYS_MARGIN_MS: i64 = 36 * 60 * 60 * 1000;

/// The same for doses: a dose counts for the day for which it was scheduled.
pub const FOLLOW_DOSES_MARGIN_MS: i64 = 31 * 24 * 60 * 60 * 1000;

/// Series with rows of one start in which these are counted.
pub const FOLLOW_EQUAL_SERIES_MAX: usize = 1024;

/// How often a follower tries to take the lock of its name …
pub const FOLLOW_LOCK_TRIES: u32 = 10;

/// … and the wait after each try. A program that looks whether it runs has the lock for a moment.
pub const FOLLOW_LOCK_WAIT: Duration = Duration::from_millis(50);

/// How often a follower looks what has changed.
pub const FOLLOW_LOOK: Duration = Duration::from_secs(2);

/// How often a follower looks for figures that are being computed.
pub const FOLLOW_FIGURES_LOOK: Duration = Duration::from_millis(250);

/// How long a follower waits for figures until it counts without them that its target has everything: a server may not run.
pub const FOLLOW_FIGURES_WAIT: Duration = Duration::from_secs(10);

/// How often a follower tries to read a database that cannot be read, for about a minute: it may just be replaced by a backup. One that
/// is locked is waited for as long as it takes, but with `--once`.
pub const FOLLOW_READ_TRIES_MAX: u32 = 6;

/// How often it writes its cursor while it sends.
pub const FOLLOW_CURSOR_INTERVAL: Duration = Duration::from_secs(1);

/// How often it writes that its target has everything, while nothing changes.
pub const FOLLOW_LEVEL_INTERVAL: Duration = Duration::from_secs(300);

/// Wait after a target has failed once; it doubles with each failure in a row …
pub const FOLLOW_RETRY_MIN: Duration = Duration::from_secs(1);

/// … up to this.
pub const FOLLOW_RETRY_MAX: Duration = Duration::from_secs(60);

/// Longest wait that a target may ask for.
pub const FOLLOW_RETRY_AFTER_MAX: Duration = Duration::from_secs(600);

/// How often a follower that runs once tries a target.
pub const FOLLOW_ONCE_TRIES_MAX: u32 = 3;

/// How long a follower rests after a target of messages has failed as often as it may.
pub const FOLLOW_REST: Duration = Duration::from_secs(900);

/// Text of a request to a target, before it is compressed.
pub const FOLLOW_BATCH_BYTES: usize = 768 * KIB;

/// Lines of a request: InfluxDB takes 5,000 best.
pub const FOLLOW_BATCH_LINES_MAX: usize = 5000;

/// Points in a row that a target may refuse before a follower stops: it is not what it should be.
pub const FOLLOW_REFUSED_MAX: u64 = 32;

/// How long a target may answer that nothing is at its path, in other words than its own: a proxy before a server that is starting.
pub const FOLLOW_ABSENT_MAX: Duration = Duration::from_secs(600);

/// Bytes of a line that no target may call too large.
pub const FOLLOW_SHORT_LINE_BYTES: usize = 4 * KIB;

/// Bytes of a tag; the rest is cut. An index keeps all of them in memory.
pub const FOLLOW_TAG_BYTES_MAX: usize = 256;

/// Longest URL of a target.
pub const FOLLOW_URL_BYTES_MAX: usize = 2 * KIB;

/// Bytes of a target's answer that are read.
pub const FOLLOW_ANSWER_BYTES_MAX: usize = 4 * KIB;

/// Letters of a target's reason that a message shows.
pub const FOLLOW_REASON_LETTERS_MAX: usize = 160;

/// How long a connection to a target may take.
pub const FOLLOW_CONNECT_WAIT: Duration = Duration::from_secs(10);

/// How long a target may take to answer.
pub const FOLLOW_ANSWER_WAIT: Duration = Duration::from_secs(60);

/// How long a follower waits until a target has deleted a range: that of years takes minutes on a small board.
pub const FOLLOW_DELETION_WAIT: Duration = Duration::from_secs(900);

/// How often a message to a webhook is tried: about a quarter of an hour.
pub const WEBHOOK_TRIES_MAX: u32 = 20;

/// Bytes of a secret that signs messages: what Standard Webhooks ask for.
pub const WEBHOOK_SECRET_BYTES_MIN: usize = 24;

/// Ranges that a message to a webhook names; with more, anything may have changed.
pub const WEBHOOK_RANGES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_fit_each_other() {
        const { assert!(GROUP_BYTES <= ELEMENT_BYTES_MAX) };
        const { assert!(SKELETON_STRING_BYTES_MAX <= ELEMENT_BYTES_MAX) };
        // A long element fills a group, so the lifter reads nothing behind it before it is taken.
        const { assert!(REJECT_RAW_BYTES_MAX >= GROUP_BYTES && REJECT_RAW_BYTES_MAX <= GROUP_BYTES_MAX) };
        const { assert!(REJECT_RAW_BYTES_MAX <= ELEMENT_BYTES_MAX) };
        const { assert!(BATCH_ROWS_MAX <= TRANSACTION_ROWS_MAX) };
        const { assert!(WRITER_QUEUE >= INGESTS_MAX) };
        const { assert!(3 * (TRANSACTION_ROWS_MAX * 4096 + TRANSACTION_BYTES_MAX) as u64 <= WAL_BYTES_MAX_DEFAULT) };
        // All that may take time at the end, and 4 s to move the WAL: systemd's unit allows 45 s.
        assert!(DRAIN + 2 * STRAGGLERS + CHECKPOINT_WAIT <= Duration::from_secs(45 - 4));
        assert_eq!(H2_STREAMS_MAX as usize, INGESTS_MAX);
        // An upload by HTTP/2 has no more bytes on their way than the equation counts for HTTP/1.1.
        let by_h2 = H2_STREAM_WINDOW_BYTES as usize + (BODY_FRAMES + 2) * H2_FRAME_BYTES_MAX as usize;
        assert!(by_h2 <= (BODY_FRAMES + 2) * FRAME_BYTES_MAX);
    }
}
