//! What the shop sells.

use serde_json::{Value, json};

use super::{amount, graphql::Asked, page_info};

/// A product with its one variant.
#[derive(Debug)]
pub(super) struct Product {
    number: u64,
    pub(super) title: &'static str,
    pub(super) sku: &'static str,
    /// Cents.
    pub(super) price: i64,
}

pub(super) static LAMP: Product = Product { number: 1, title: "Desk lamp", sku: "LAMP", price: 8_900 };
static MUG: Product = Product { number: 2, title: "Mug", sku: "MUG", price: 1_200 };
static CHAIR: Product = Product { number: 3, title: "Office chair", sku: "CHAIR", price: 24_000 };
static ALL: [&Product; 3] = [&LAMP, &MUG, &CHAIR];

const PAGE: usize = 2;

impl Product {
    pub(super) fn by_variant(id: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|product| product.variant() == id)
    }

    fn variant(&self) -> String {
        format!("gid://shopify/ProductVariant/{}", 8_530_000_000_000 + self.number)
    }

    fn json(&self) -> Value {
        json!({
            "id": format!("gid://shopify/Product/{}", 8_430_000_000_000 + self.number), "title": self.title,
            "handle": self.title.to_lowercase().replace(' ', "-"), "status": "ACTIVE", "totalInventory": 40,
            "variants": { "nodes": [{
                "id": self.variant(), "title": "Default Title", "sku": self.sku, "price": amount(self.price),
                "inventoryQuantity": 40,
            }] },
        })
    }
}

/// `products(query:, after:)`: words of the title, or `sku:`; two on a page, so that there is more than one.
pub(super) fn find(asked: &Asked) -> Value {
    let wanted = asked.text("query").to_lowercase();
    let fits = |product: &&&Product| match wanted.split_once("sku:") {
        Some((_, sku)) => product.sku.eq_ignore_ascii_case(sku.trim()),
        None => product.title.to_lowercase().contains(wanted.trim()),
    };
    let begin: usize = asked.text("after").parse().unwrap_or_default();
    let found: Vec<&&Product> = ALL.iter().filter(fits).collect();
    let nodes: Vec<Value> = found.iter().skip(begin).take(PAGE).map(|product| product.json()).collect();
    let next = (begin + PAGE < found.len()).then(|| (begin + PAGE).to_string());
    json!({ "nodes": nodes, "pageInfo": page_info(next.as_deref()) })
}
