//! The equation that adds up the bounds of `limits` to peak memory.
//!
//! `README.md` states the sum that [`peak_bytes`] computes; a test compares it with the goal.

use super::limits::{
    ANSWER_LONG_BYTES, ANSWER_PAGE_BYTES, ANSWER_PIECE_BYTES_MAX, ANSWERS_MAX, AUTO_EXPORT_ELEMENTS_WINDOW,
    AUTO_EXPORT_METRICS_MAX, AUTO_EXPORT_NAME_BYTES_MAX, AUTO_EXPORT_OTHER_BYTES_MAX, AUTO_EXPORT_OVERLAPS_MAX,
    AUTO_EXPORT_POINTS_WINDOW, AUTO_EXPORT_REPEATS_WINDOW, AUTO_EXPORT_SOURCES_MAX, AUTO_EXPORT_TEXT_BYTES,
    AUTO_EXPORT_WORKOUTS_MAX, BATCH_ROWS_MAX, BATCH_TEXT_BYTES, BATCHES_PER_INGEST, BATCHES_SPARE_ELSEWHERE,
    BEATS_CLAIM_CHUNKS_MAX, BODY_FRAMES, CLAIM_CHUNK_BITS, CLAIM_CHUNKS_MAX, CLAIM_NUMBERS_MAX, CONDENSED_HELD_MAX,
    CONNECTIONS_MAX, COPY_FRAME_BYTES, DERIVED_CACHE_BYTES, DERIVED_ROWS_MAX, DICTIONARY_TEXT_BYTES_MAX,
    ELEMENT_BYTES_MAX, ELEMENT_READ_BYTES, EQUALS_WINDOW, EVENT_LISTENERS_MAX, EVENT_QUEUE, EVENT_TYPES_BYTES_MAX,
    FRAME_BYTES_MAX, GROUP_BYTES, H2_STREAM_WINDOW_BYTES, HEADER_BYTES_MAX, IMPORT_ELEMENT_BYTES_MAX,
    IMPORT_SOURCES_MAX, INSIDE_PAGES_MAX, LARGE_CACHE_BYTES, LONG_PAGES_MAX, MEMBERS_SEEN_MAX, METADATA_READ_MAX,
    PAGE_CACHE_BYTES, PAGE_INFLATIONS_MAX, PAGE_PIECE_BYTES, PLAIN_PAGES_MADE_MAX, PLAIN_PAGES_MAX,
    QUESTION_CACHE_BYTES, QUESTION_PLACES, READ_AHEAD_BYTES_MAX, READ_BUFFER_BYTES, READ_TURN_BYTES, ROUTE_FILES_MAX,
    ROUTE_LOCATIONS_COUNTED_MAX, ROUTE_POINTS_READ_MAX, SPOOL_BUFFER_BYTES, STAGE_GROUP_BYTES, STAGE_GROUP_SPANS,
    STAGE_ROW_BYTES, STATISTICS_ACTIVE_MAX, STAYING_CONNECTIONS_MAX, TALLY_NAME_BYTES_MAX, TALLY_NAMES_MAX,
    TLS_CONNECTIONS_MAX, TRANSFER_GROUP_BYTES, UPLOADS_WAITING_MAX, WAITING_BYTES_MAX, WAITING_CACHE_BYTES,
    WORKBENCH_CACHE_BYTES, WORKBENCHES_MAX, WORKOUT_CLAIMS_MAX, WORKOUT_MATCHES_MAX, ZSTD_BODIES_MAX,
    ZSTD_WINDOW_LOG_MAX,
};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Window and tables of a decompressor of gzip or of an archive's member.
const DEFLATE_BYTES: usize = 64 * KIB;

/// Bytes that the tape needs for each value: the size of a `simd_json` node.
const TAPE_NODE_BYTES: usize = 24;

/// Bytes of a remembered source beside its texts: four strings, a digest, an id.
const SOURCE_BYTES: usize = 144;

/// Bytes of a name in an account beside its text: a string, a count, two times.
const TALLY_ENTRY_BYTES: usize = 64;

/// Bytes of a group of claimed rows beside its bits.
const CLAIM_BYTES: usize = 16;

/// Bytes of a workout's title: its identity and its activity.
const TITLE_BYTES: usize = 22;

/// Bytes of a sample that is held, and of what it is compared with: itself, a fact, an entry of a tree, three indices.
const HELD_BYTES: usize = 112;
const FACT_BYTES: usize = 56 + 40 + 3 * 16;

/// Bytes of a sample under way.
const ACTIVE_BYTES: usize = 40;

/// Bytes of metadata that is remembered: three values, of which one may be the name of a zone.
const METADATA_BYTES: usize = 256;

/// Bytes of a derived row: up to 21 values, and short texts.
const DERIVED_ROW_BYTES: usize = 1024;

/// Bytes of a metric beside its texts: two strings, a hash, what its figures show.
const METRIC_BYTES: usize = 64;

/// Bytes for each row of a batch, which has memory for as many samples as locations; `batch` asserts it.
pub(crate) const ROW_BYTES: usize = 208;

/// Memory of a plain connection whose headers have arrived in part.
const CONNECTION_BYTES: usize = 48 * KIB;

/// Memory of a TLS connection with partial headers, a partial HTTP/2 frame and a partial record, and of what it reads in its
/// turn. Measured: 73 KiB, and 17 KiB for the record.
const TLS_CONNECTION_BYTES: usize = 96 * KIB + READ_TURN_BYTES;

/// Uploads at once in the packaged services, which systemd's unit and the compose file set.
pub const INGESTS_PACKAGED: usize = 4;

/// Memory that the packaged services may use.
pub const MEMORY_PACKAGED_BYTES: usize = 64 * MIB;

/// Memory of the process that uploads do not add to: code, runtime, allocator, SQLite (measured, rounded up). 10 MiB of it are
/// pages of the program and its libraries, which the system may take back. Idle, it takes 2 MiB less.
const BASE_BYTES: usize = 14 * MIB;

/// The same of a command, which has no runtime and no server.
const COMMAND_BYTES: usize = 13 * MIB;

/// Memory of the idle server with a store in PostgreSQL, and pages of the program and its libraries after uploads (measured, rounded
/// up).
#[cfg(test)]
const ELSEWHERE_IDLE_BYTES: usize = 2 * MIB;
#[cfg(test)]
const PROGRAM_BYTES: usize = 27 * MIB / 2;

/// Memory that the allocator keeps for each upload of 50 MB into PostgreSQL in pages of other sizes, of two threads (measured).
const KEPT_BYTES: usize = MIB / 2;

/// Bytes of a span of time of samples on their way.
const SPAN_BYTES: usize = 48;

/// Memory of one ingest of ordinary elements: frames, reader, group, tape, batches.
#[must_use]
pub const fn ingest_bytes() -> usize {
    let frames = (BODY_FRAMES + 2) * FRAME_BYTES_MAX;
    let group = 2 * GROUP_BYTES + decoder_bytes();
    // Instead of a group, an ingest of Health Auto Export has two readers of its spool, and what it counts equals with.
    let pass = auto_export_pass_bytes();
    frames + if group > pass { group } else { pass } + batches_bytes()
}

/// What an ingest of Health Auto Export counts equals with, and what the writer remembers of them: two generations each.
const fn auto_export_equals_bytes() -> usize {
    let counted = table_bytes(AUTO_EXPORT_POINTS_WINDOW, 16 + 4) + table_bytes(AUTO_EXPORT_ELEMENTS_WINDOW, 16 + 4);
    // The times at which workouts overlap are those of both passes.
    2 * (counted + table_bytes(AUTO_EXPORT_REPEATS_WINDOW, 8) + AUTO_EXPORT_OVERLAPS_MAX * 2 * 8)
}

/// Memory of the decoder of a group, beside the group's text: its padded copy, the decoder's own copy of strings; one value in
/// eight bytes.
const fn decoder_bytes() -> usize {
    2 * 2 * GROUP_BYTES + 2 * GROUP_BYTES / 8 * (TAPE_NODE_BYTES + 4)
}

/// Memory of the batches of one ingest.
const fn batches_bytes() -> usize {
    let rows = BATCH_ROWS_MAX * ROW_BYTES;
    BATCHES_PER_INGEST * (rows + BATCH_TEXT_BYTES)
}

/// Memory of zstd bodies with the widest window.
#[must_use]
pub const fn zstd_bytes(bodies: usize) -> usize {
    bodies * ((1 << ZSTD_WINDOW_LOG_MAX) + MIB / 2)
}

/// Memory of plain connections without an upload.
#[must_use]
pub const fn connections_bytes(connections: usize) -> usize {
    connections * CONNECTION_BYTES
}

/// Memory of TLS connections without an upload.
#[must_use]
pub const fn tls_connections_bytes(connections: usize) -> usize {
    connections * TLS_CONNECTION_BYTES
}

/// Memory that strangers can take with files of the page: connections that stay after one, and files that are decompressed.
#[must_use]
pub const fn page_bytes() -> usize {
    let inflated = DEFLATE_BYTES + FRAME_BYTES_MAX + PAGE_PIECE_BYTES;
    STAYING_CONNECTIONS_MAX * FRAME_BYTES_MAX + PAGE_INFLATIONS_MAX * inflated
}

/// Peak memory of the server when everything that clients can take is taken at once, by uploads made to cost the most.
#[must_use]
pub const fn service_bytes(ingests: usize) -> usize {
    let plain = connections_bytes(CONNECTIONS_MAX);
    let tls = tls_connections_bytes(TLS_CONNECTIONS_MAX);
    let connections = if plain > tls { plain } else { tls };
    // Each upload that waits for a permit may have filled its window.
    let waiting = UPLOADS_WAITING_MAX * H2_STREAM_WINDOW_BYTES as usize;
    peak_bytes(ingests) + hostile_bytes(ingests) + zstd_bytes(ZSTD_BODIES_MAX) + connections + waiting + page_bytes()
}

/// Bytes of a hash table with this many entries, which keeps a byte beside each place.
const fn table_bytes(entries: usize, entry_bytes: usize) -> usize {
    // Seven entries need up to 16 places.
    entries * (entry_bytes + 1) * 16 / 7
}

/// What an import remembers of its workouts: half of each identity, and two numbers of a group with many claims. The app's
/// workouts have HealthKit's identities, of which nothing is remembered; a file of Health Auto Export that is uploaded has no
/// group of elements, which would take more.
const fn workouts_bytes() -> usize {
    let groups = table_bytes(WORKOUT_CLAIMS_MAX / WORKOUT_MATCHES_MAX, 16);
    // The tables hold exactly so many in places that are a power of two, and the ones before stay until they have grown.
    let claims = table_bytes(WORKOUT_CLAIMS_MAX, 8) / 2 * 3 / 2;
    groups + claims
}

/// Peak memory of an import of an export with ordinary elements, however long the history is. Unlike an upload, it has no frames
/// and no group.
#[must_use]
pub const fn import_bytes() -> usize {
    // Two generations each. An equal is a content, an identity and a number.
    let equals = 2 * table_bytes(EQUALS_WINDOW, 16 + 16 + 4);
    // Samples and correlations together, and lists of beats.
    let claims = (CLAIM_CHUNKS_MAX + BEATS_CLAIM_CHUNKS_MAX) * (CLAIM_CHUNK_BITS / 8 + CLAIM_BYTES)
        + (CLAIM_NUMBERS_MAX + super::limits::BEATS_CLAIM_NUMBERS_MAX) / CLAIM_CHUNK_BITS * CLAIM_BYTES;
    // The file, what it unpacks to, the tag under way and its text without escapes.
    // What waits also grows by doubling, and has a list of its places.
    let reading = 4 * READ_BUFFER_BYTES + DEFLATE_BYTES + 3 * WAITING_BYTES_MAX;
    // A location is a digest and two counts. Routes are read behind the XML, whose equals are then forgotten.
    let locations = table_bytes(ROUTE_LOCATIONS_COUNTED_MAX, 16) / 2 * 3 / 2;
    let members = table_bytes(MEMBERS_SEEN_MAX, 4) / 2 * 3 / 2;
    let counted = if equals + members > locations { equals + members } else { locations };
    // Audiograms and other elements without a table, as the writer counts their equals.
    let repeats = 2 * table_bytes(AUTO_EXPORT_REPEATS_WINDOW, 8) + table_bytes(AUTO_EXPORT_SOURCES_MAX + 1, 8);
    let remembered = counted + claims + workouts_bytes() + repeats;
    COMMAND_BYTES + PAGE_CACHE_BYTES + batches_bytes() + remembered + reading
}

/// Memory for texts and files that an import remembers, when its input has as many and as long ones as fit.
#[must_use]
pub const fn remembered_bytes() -> usize {
    let sources = IMPORT_SOURCES_MAX * (DICTIONARY_TEXT_BYTES_MAX + SOURCE_BYTES);
    // The table holds exactly so many in places that are a power of two, and the one before stays until it has grown.
    let routes = table_bytes(ROUTE_FILES_MAX, 16 + 32) / 2 * 3 / 2;
    let guesses = super::limits::ROUTE_GUESSES_MAX;
    let files = (2 * ROUTE_FILES_MAX + guesses) * 5 + table_bytes(guesses, 8 + 17) / 2 * 3 / 2;
    // Types, reasons and elements within others: the file's and the sum, each once more in the report.
    let names = 4 * 3 * TALLY_NAMES_MAX * (TALLY_NAME_BYTES_MAX + TALLY_ENTRY_BYTES);
    let apple = sources + routes + files;
    let auto_export = auto_export_remembered_bytes();
    names + if apple > auto_export { apple } else { auto_export }
}

/// SQLite's memory for a connection and its statements, beside its page cache (measured, rounded up).
const CONNECTION_TO_DATABASE_BYTES: usize = 256 * KIB;

/// Memory for records that wait for the end of their document. They are read in one more batch.
const fn waiting_bytes() -> usize {
    WAITING_CACHE_BYTES + CONNECTION_TO_DATABASE_BYTES + batches_bytes() / BATCHES_PER_INGEST
}

/// Memory that a hostile input of an import takes on top: the longest element while it is read, and as much again in rows and
/// texts. A batch with such an element frees the memory of what waits.
#[must_use]
pub const fn hostile_import_bytes() -> usize {
    let (element, waiting) = (2 * IMPORT_ELEMENT_BYTES_MAX, waiting_bytes());
    remembered_bytes() + element + if element > waiting { element } else { waiting }
}

/// Memory that the longest element spares while it is read and written: SQLite's page cache becomes small, and the ingest has one
/// batch.
const fn large_spared_bytes() -> usize {
    PAGE_CACHE_BYTES - LARGE_CACHE_BYTES + batches_bytes() / BATCHES_PER_INGEST * (BATCHES_PER_INGEST - 1)
}

/// Memory of the longest element of Health Auto Export, which its ingest holds a permit for. While it is read: the rest of a long
/// text, and the common form. Then that form in two orders, with its members, or with the parts of a text that identify it. Then the
/// batch and SQLite's record. Pieces of a list are short. Instead of a batch's text, it has its own.
#[must_use]
pub const fn auto_export_element_bytes() -> usize {
    2 * AUTO_EXPORT_OTHER_BYTES_MAX + AUTO_EXPORT_TEXT_BYTES - BATCH_TEXT_BYTES - large_spared_bytes()
}

/// Memory that an ingest does not take while it reads Health Auto Export: its body is on the disk, and it has no group.
const fn auto_export_spared_bytes() -> usize {
    ingest_bytes() - auto_export_pass_bytes() - batches_bytes()
}

/// Readers of the spool, and what equals are counted with.
const fn auto_export_pass_bytes() -> usize {
    2 * SPOOL_BUFFER_BYTES + auto_export_equals_bytes()
}

/// Memory of an ingest of Health Auto Export while it holds the permit.
#[must_use]
pub const fn auto_export_remembered_bytes() -> usize {
    // Titles are in lists that do not grow.
    let titles = AUTO_EXPORT_WORKOUTS_MAX * TITLE_BYTES;
    let metrics = AUTO_EXPORT_METRICS_MAX * (2 * AUTO_EXPORT_NAME_BYTES_MAX + METRIC_BYTES);
    titles + metrics
}

/// Peak memory of an import of Health Auto Export, with as much as it may hold.
#[must_use]
pub const fn auto_export_import_bytes() -> usize {
    let reading = 4 * READ_BUFFER_BYTES + 2 * DEFLATE_BYTES + auto_export_equals_bytes();
    // The account of the file and the sum; their copies in the report come later.
    let names = 2 * 3 * TALLY_NAMES_MAX * (TALLY_NAME_BYTES_MAX + TALLY_ENTRY_BYTES);
    let document = auto_export_element_bytes() + auto_export_remembered_bytes();
    COMMAND_BYTES + PAGE_CACHE_BYTES + batches_bytes() + reading + names + document
}

/// Memory of the longest element of a payload, which its ingest holds the permit for. While it is read: the canonical text in two
/// orders. Then that text and the batch. Then the batch and SQLite's record.
#[must_use]
pub const fn element_bytes() -> usize {
    // Instead of a group's decoder, it has buffers to read it with.
    let read = GROUP_BYTES + READ_BUFFER_BYTES + 3 * ELEMENT_READ_BYTES;
    2 * ELEMENT_BYTES_MAX + read - decoder_bytes() - large_spared_bytes()
}

/// Memory that hostile inputs of so many ingests take on top. Elements wait on the disk. One of them, as the permit for large
/// elements allows, has what decoding and storing it takes.
#[must_use]
pub const fn hostile_bytes(ingests: usize) -> usize {
    if ingests == 0 {
        return 0;
    }
    // The one with the permit may also read Health Auto Export. It then has no element besides.
    let auto_export = auto_export_element_bytes() + auto_export_remembered_bytes() - auto_export_spared_bytes();
    let payload = element_bytes();
    let element = if payload > auto_export { payload } else { auto_export };
    // A batch with such an element frees the memory of what waits.
    if element > waiting_bytes() { element } else { waiting_bytes() }
}

/// Memory of a run that computes derived tables, beside the writer: samples of a workout and what they are compared with, samples
/// under way, metadata, and two chunks of rows.
#[must_use]
pub const fn figures_bytes() -> usize {
    let held = CONDENSED_HELD_MAX * (HELD_BYTES + FACT_BYTES);
    let under_way = STATISTICS_ACTIVE_MAX * ACTIVE_BYTES;
    let metadata = METADATA_READ_MAX * METADATA_BYTES;
    let rows = 2 * DERIVED_ROWS_MAX * DERIVED_ROW_BYTES;
    DERIVED_CACHE_BYTES + CONNECTION_TO_DATABASE_BYTES + held + under_way + metadata + rows
}

/// Window, tables and pending bytes of a compressor.
const GZIP_BYTES: usize = 320 * KIB;

/// Bytes of a location that a line for a map is made from: itself, its neighbours, its corner in two versions.
const PLACE_BYTES: usize = 56 + 2 * 8 + 5 + 2 * 16;

/// Memory of reads, with all places and answers taken: a connection and a line for each place, a compressor and pages for each
/// answer. [`long_reads_bytes`] has the memory of long texts.
#[must_use]
pub const fn reads_bytes() -> usize {
    let line = ROUTE_POINTS_READ_MAX * PLACE_BYTES;
    let place = QUESTION_CACHE_BYTES + CONNECTION_TO_DATABASE_BYTES + line;
    // The page that is written or sent, the piece that waits, and the one that hyper sends.
    let answer = GZIP_BYTES + ANSWER_LONG_BYTES + 2 * ANSWER_PIECE_BYTES_MAX;
    QUESTION_PLACES * place + ANSWERS_MAX * answer
}

/// Bytes of answers that a page without a script is made from, at most.
const PLAIN_ANSWER_BYTES: usize = INSIDE_PAGES_MAX * ANSWER_PAGE_BYTES;

/// What an answer takes beside its text, which grows by doubling, once it is read: names and values of each row.
const PLAIN_VALUES: usize = 4;

/// What a page takes of its answer's bytes: an escaped letter has up to six.
const PLAIN_MARKUP: usize = 3;

/// Memory of pages without a script: what those under way are made from, and those that are sent.
#[must_use]
pub const fn plain_bytes() -> usize {
    let made = PLAIN_ANSWER_BYTES * (2 + PLAIN_VALUES);
    PLAIN_PAGES_MADE_MAX * made + PLAIN_PAGES_MAX * PLAIN_ANSWER_BYTES * PLAIN_MARKUP
}

/// Memory of an event beside the names of types, and of a client that follows, beside its connection: its task, and what its right is
/// checked with (rounded up).
const EVENT_BYTES: usize = 256;
const LISTENER_BYTES: usize = 8 * KIB;

/// Memory of all clients that follow what changes, each another person. Those of one person share its events. A client has the first two
/// events for itself, and the headers that carry its right.
#[must_use]
pub const fn listeners_bytes() -> usize {
    let event = EVENT_TYPES_BYTES_MAX + EVENT_BYTES;
    // What waits for figures, the names in the database, and the events that are not sent yet.
    let person = 2 * EVENT_TYPES_BYTES_MAX + EVENT_QUEUE * event;
    EVENT_LISTENERS_MAX * (person + HEADER_BYTES_MAX + 2 * event + READ_AHEAD_BYTES_MAX + LISTENER_BYTES)
}

/// Memory that reads of the longest texts take on top: the text as SQLite has it, and as it is written, which grows by doubling;
/// and those that are sent.
#[must_use]
pub const fn long_reads_bytes() -> usize {
    (QUESTION_PLACES * 3 + LONG_PAGES_MAX) * ELEMENT_BYTES_MAX
}

/// Memory of an upload into PostgreSQL beside its frames and its group: a batch, a connection with its statements. One group of COPY
/// is on its way, and the next one gathers.
const fn elsewhere_bytes() -> usize {
    let group = STAGE_GROUP_BYTES + STAGE_ROW_BYTES + STAGE_GROUP_SPANS * SPAN_BYTES;
    batches_bytes() / BATCHES_PER_INGEST + 2 * group + 2 * COPY_FRAME_BYTES + CONNECTION_TO_DATABASE_BYTES
}

/// Memory that so many uploads into PostgreSQL at once add to the idle program and its pages, whatever their length. It has
/// workbenches, and the figures of a person whose uploads have ended.
#[must_use]
pub const fn peak_elsewhere_bytes(ingests: usize) -> usize {
    let work = 2 * (TRANSFER_GROUP_BYTES + STAGE_ROW_BYTES) + WORKBENCH_CACHE_BYTES + 4 * CONNECTION_TO_DATABASE_BYTES;
    let ingest = ingest_bytes() - batches_bytes() + elsewhere_bytes() + KEPT_BYTES;
    let spare = batches_bytes() / BATCHES_PER_INGEST * BATCHES_SPARE_ELSEWHERE;
    (WORKBENCHES_MAX + 1) * work + spare + ingests * ingest
}

/// Peak memory for `ingests` uploads of ordinary elements at once, whatever their length.
#[must_use]
pub const fn peak_bytes(ingests: usize) -> usize {
    BASE_BYTES + PAGE_CACHE_BYTES + ingests * ingest_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::limits::INGESTS_MAX;
    use super::*;

    #[test]
    fn the_equation_keeps_the_goals() {
        // Beyond the program itself.
        let of_uploads = |ingests: usize| peak_bytes(ingests) - BASE_BYTES;
        assert!(of_uploads(1) <= 8 * MIB, "one upload: {}", of_uploads(1));
        assert!(of_uploads(INGESTS_MAX) <= 24 * MIB, "all places taken: {}", of_uploads(INGESTS_MAX));
        // In total: what the kernel counts.
        let hostile = peak_bytes(1) + hostile_bytes(1);
        assert!(hostile <= 24 * MIB, "one upload that takes all it can: {hostile}");
        let hostile = peak_bytes(INGESTS_MAX) + hostile_bytes(INGESTS_MAX);
        assert!(hostile <= 56 * MIB, "the longest elements from all senders: {hostile}");
        // A recording of Health Auto Export, and one from each of all senders at once.
        let element = auto_export_element_bytes() - auto_export_spared_bytes();
        let recording = peak_bytes(1) + element;
        assert!(recording <= 24 * MIB, "one electrocardiogram of the greatest length: {recording}");
        let recordings = peak_bytes(INGESTS_MAX) + element;
        assert!(recordings <= 56 * MIB, "one from each sender: {recordings}");
        // With all that strangers can take, the service stays below the limit of its unit.
        let full = peak_bytes(INGESTS_MAX) + connections_bytes(CONNECTIONS_MAX);
        assert!(full <= 48 * MIB, "all places and connections taken: {full}");
        let elsewhere = PROGRAM_BYTES + ELSEWHERE_IDLE_BYTES + peak_elsewhere_bytes(INGESTS_MAX);
        assert!(elsewhere <= 44 * MIB, "all places taken, with PostgreSQL: {elsewhere}");
        let service = service_bytes(INGESTS_PACKAGED);
        assert!(service <= MEMORY_PACKAGED_BYTES, "everything taken, by hostile uploads: {service}");
        let (import, hostile) = (import_bytes() - COMMAND_BYTES, hostile_import_bytes());
        assert!(import + hostile <= 16 * MIB, "an import: {import}, {hostile} more");
        let figures = figures_bytes();
        assert!(figures <= 16 * MIB, "days and nights: {figures}");
        let reads = reads_bytes();
        assert!(reads <= 16 * MIB, "all reads: {reads}");
        let plain = plain_bytes();
        assert!(plain <= 20 * MIB, "all pages without a script: {plain}");
        let listeners = listeners_bytes();
        assert!(listeners <= 4 * MIB, "all clients that follow: {listeners}");
        let long = reads + long_reads_bytes();
        assert!(long <= 44 * MIB, "reads of the longest texts: {long}");
        let auto_export = auto_export_import_bytes() - COMMAND_BYTES;
        assert!(auto_export <= 12 * MIB, "an import of Health Auto Export: {auto_export}");
    }
}
