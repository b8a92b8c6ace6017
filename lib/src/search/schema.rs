//! The fields of the index. A change here is a change of format: raise [`FORMAT`] and rebuild.

use tantivy::schema::{
    Field, IndexRecordOption, NumericOptions, STORED, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

use super::words::WordTokenizer;

/// The version of the layout in the bucket, of the fields and of how words are cut.
pub const FORMAT: u32 = 1;

const WORDS: &str = "words";

/// The field handles.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The schema itself.
    pub schema: Schema,
    /// Which kind of document it is, see [`RECALL`] and [`PRODUCT`].
    pub kind_of_document: Field,
    /// The recall, on its own document and on those of its products: what a replacement deletes.
    pub recall_id: Field,
    /// What orders documents that are otherwise equal; a column. `us-cpsc:24113`, `us-cpsc:24113#0001`.
    pub key: Field,
    /// The agency's key.
    pub agency: Field,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Field,
    /// Our categories.
    pub category: Field,
    /// Hazards.
    pub hazard: Field,
    /// Our level of severity.
    pub severity: Field,
    /// Remedies.
    pub remedy: Field,
    /// The status.
    pub status: Field,
    /// The kind of notice.
    pub kind: Field,
    /// Brands in their normal form.
    pub brand: Field,
    /// Identifiers in their normal forms, the authority's number among them.
    pub identifier: Field,
    /// Day of publication, days since 1970-01-01; a column.
    pub published: Field,
    /// Day of the last change, or of publication where the authority names none; a column.
    pub updated: Field,
    /// 3 serious, 2 moderate, 1 low, 0 unknown; a column.
    pub severity_rank: Field,
    /// How many words the product's name has; a column.
    pub name_words: Field,
    /// Text: a product's name.
    pub name: Field,
    /// Text: its brands.
    pub brand_text: Field,
    /// Text: its models.
    pub model: Field,
    /// Text: the words of its categories.
    pub category_text: Field,
    /// Text: the notice's title, the product's description, the firms.
    pub more: Field,
    /// Text, on recall documents: title and all products.
    pub recall_text: Field,
    /// JSON of what an answer shows.
    pub summary: Field,
}

/// The kind of the document that stands for a whole recall.
pub const RECALL: &str = "recall";
/// The kind of the document that stands for one recalled product.
pub const PRODUCT: &str = "product";
/// The name of the ordering column.
pub(super) const KEY: &str = "key";
/// The names of the number columns.
pub(super) const PUBLISHED: &str = "published";
pub(super) const UPDATED: &str = "updated";
pub(super) const SEVERITY_RANK: &str = "severity_rank";
pub(super) const NAME_WORDS: &str = "name_words";

impl Fields {
    /// Builds the schema.
    pub fn new() -> Self {
        let mut schema = Schema::builder();
        // No positions, frequencies or norms: scores are made of what matched where, not of how often.
        let indexed = |tokenizer| {
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default()
                    .set_tokenizer(tokenizer)
                    .set_fieldnorms(false)
                    .set_index_option(IndexRecordOption::Basic),
            )
        };
        let (tag, text) = (indexed("raw"), indexed(WORDS));
        let column = NumericOptions::default().set_fast();
        Self {
            kind_of_document: schema.add_text_field("document", tag.clone()),
            recall_id: schema.add_text_field("recall_id", tag.clone()),
            key: schema.add_text_field(KEY, TextOptions::default().set_fast("raw")),
            agency: schema.add_text_field("agency", tag.clone()),
            country: schema.add_text_field("country", tag.clone()),
            category: schema.add_text_field("category", tag.clone()),
            hazard: schema.add_text_field("hazard", tag.clone()),
            severity: schema.add_text_field("severity", tag.clone()),
            remedy: schema.add_text_field("remedy", tag.clone()),
            status: schema.add_text_field("status", tag.clone()),
            kind: schema.add_text_field("kind", tag.clone()),
            brand: schema.add_text_field("brand", tag.clone()),
            identifier: schema.add_text_field("identifier", tag),
            published: schema.add_i64_field(PUBLISHED, column.clone()),
            updated: schema.add_i64_field(UPDATED, column.clone()),
            severity_rank: schema.add_i64_field(SEVERITY_RANK, column.clone()),
            name_words: schema.add_i64_field(NAME_WORDS, column),
            name: schema.add_text_field("name", text.clone()),
            brand_text: schema.add_text_field("brand_text", text.clone()),
            model: schema.add_text_field("model", text.clone()),
            category_text: schema.add_text_field("category_text", text.clone()),
            more: schema.add_text_field("more", text.clone()),
            recall_text: schema.add_text_field("recall_text", text),
            summary: schema.add_bytes_field("summary", STORED),
            schema: schema.build(),
        }
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the tokenizers that the text fields name.
pub(super) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    tokenizers.register(WORDS, WordTokenizer);
    tokenizers
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_fields_are_those_of_the_format() {
        let json = serde_json::to_vec(&Fields::new().schema).unwrap();
        let print = Sha256::digest(json);
        assert_eq!(
            (
                FORMAT,
                u32::from_be_bytes([print[0], print[1], print[2], print[3]])
            ),
            (1, 965_233_686),
            "the schema changed: raise FORMAT, which moves the index to a new place in the bucket, and rebuild"
        );
    }
}
