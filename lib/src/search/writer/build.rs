//! The part of writing that is disk and processor only.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::Read,
    path::Path,
};

use sha2::{Digest, Sha256};
use tantivy::{
    Index, IndexWriter, Term,
    directory::MmapDirectory,
    index::{SegmentId, SegmentMeta},
    indexer::NoMergePolicy,
};

use super::Batch;
use crate::search::{
    SnapshotError,
    document::documents,
    query::{Catalogue, QueryError},
    schema::{Fields, tokenizers},
    snapshot::{SegmentFile, hexadecimal},
};

/// Memory for documents that are not on disk yet, in bytes.
const HEAP: usize = 50_000_000;
/// The most segments that a generation may have before some are merged.
const MOST_SEGMENTS: usize = 8;
/// How many are left by a merge.
const AFTER_MERGE: usize = 4;

/// A generation on the local disk.
pub(in crate::search) struct Built {
    pub(in crate::search) files: Vec<SegmentFile>,
    /// Those that are not in the base.
    pub(in crate::search) new: Vec<SegmentFile>,
    pub(in crate::search) meta: String,
    pub(in crate::search) recalls: usize,
    pub(in crate::search) products: usize,
}

/// Applies a batch to the index in a directory; an empty directory becomes an index.
pub(in crate::search) fn build(
    directory: &Path,
    batch: &Batch,
    known: &[SegmentFile],
) -> Result<Built, SnapshotError> {
    let fields = Fields::new();
    let index = Index::builder()
        .schema(fields.schema.clone())
        .tokenizers(tokenizers())
        .open_or_create(MmapDirectory::open(directory).map_err(tantivy::TantivyError::from)?)?;
    let mut writer: IndexWriter = index.writer_with_num_threads(1, HEAP)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    apply(&fields, &writer, batch)?;
    writer.commit()?;
    let few = few_enough(index.searchable_segment_metas()?);
    if !few.is_empty() {
        writer.merge(&few).wait()?;
    }
    writer.wait_merging_threads()?;

    let metas = index.load_metas()?;
    let files = metas
        .list_segment_files()
        .into_iter()
        .filter(|name| directory.join(name).exists())
        .map(|name| describe(directory, &name.to_string_lossy(), known))
        .collect::<Result<Vec<_>, _>>()?;
    let new = files.iter().filter(|file| !known.contains(file));
    let meta = directory.join("meta.json");
    let (recalls, products) = Catalogue::new(fields, index.reader()?.searcher())
        .counts()
        .map_err(|error| match error {
            QueryError::Index(error) => SnapshotError::Index(error),
            other => SnapshotError::Thread(Box::new(other)),
        })?;
    Ok(Built {
        new: new.cloned().collect(),
        files,
        meta: std::fs::read_to_string(&meta).map_err(SnapshotError::disk(meta))?,
        recalls,
        products,
    })
}

/// Deletes every recall of the batch and adds what replaces it. The last of several records of one
/// recall counts.
fn apply(fields: &Fields, writer: &IndexWriter, batch: &Batch) -> Result<(), SnapshotError> {
    let last: HashMap<_, _> = batch
        .upserts
        .iter()
        .enumerate()
        .map(|(at, (recall, _))| (&recall.id, at))
        .collect();
    let removed: HashSet<_> = batch.removals.iter().collect();
    for id in last.keys().copied().chain(removed.iter().copied()) {
        writer.delete_term(Term::from_field_text(fields.recall_id, id.as_str()));
    }
    for (at, (recall, version)) in batch.upserts.iter().enumerate() {
        if last.get(&recall.id) != Some(&at) || removed.contains(&recall.id) {
            continue;
        }
        for document in documents(fields, recall, *version) {
            writer.add_document(document)?;
        }
    }
    Ok(())
}

/// Chooses what to merge: nothing while there are few segments, else the small ones and those of
/// which much is deleted, so that a big one is written anew only when it is worth it.
fn few_enough(mut segments: Vec<SegmentMeta>) -> Vec<SegmentId> {
    if segments.len() <= MOST_SEGMENTS {
        return Vec::new();
    }
    segments.sort_unstable_by_key(|segment| (segment.num_docs(), segment.id()));
    let small = segments.len() - AFTER_MERGE + 1;
    let worn = |segment: &SegmentMeta| segment.num_deleted_docs() * 3 > segment.max_doc();
    segments
        .iter()
        .enumerate()
        .filter(|(at, segment)| *at < small || worn(segment))
        .map(|(_, segment)| segment.id())
        .collect()
}

/// Size and checksum of a file; immutable ones of the base are known already.
fn describe(
    directory: &Path,
    name: &str,
    known: &[SegmentFile],
) -> Result<SegmentFile, SnapshotError> {
    if let Some(file) = known.iter().find(|file| file.name == name) {
        return Ok(file.clone());
    }
    let path = directory.join(name);
    let mut file = File::open(&path).map_err(SnapshotError::disk(&path))?;
    let (mut digest, mut bytes, mut some) = (Sha256::new(), 0_u64, vec![0; 256 * 1024]);
    loop {
        let read = file.read(&mut some).map_err(SnapshotError::disk(&path))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        digest.update(&some[..read]);
    }
    Ok(SegmentFile {
        name: name.to_owned(),
        bytes,
        sha256: hexadecimal(&digest.finalize()),
    })
}
