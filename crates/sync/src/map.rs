//! A map in one sorted vector.
//!
//! What a device holds is small, looked at often, and grows mostly at its end. A tree has several kilobytes of code for
//! every pair of types, which every browser would have to load; this has a tenth of it.

use std::iter::{FusedIterator, Map as Mapped};
use std::ops::{Bound, RangeBounds};
use std::slice;
use std::vec;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<K, V> {
    entries: Vec<(K, V)>,
}

/// The place of a key in a map.
pub struct Entry<'a, K, V> {
    map: &'a mut Map<K, V>,
    key: K,
    place: Result<usize, usize>,
}

type Pairs<'a, K, V> = Mapped<slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Map<K, V> {
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn iter(&self) -> Pairs<'_, K, V> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + FusedIterator {
        self.entries.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + FusedIterator {
        self.entries.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> + ExactSizeIterator {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.entries.into_iter().map(|(_, value)| value)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.entries.retain_mut(|(key, value)| keep(key, value));
    }
}

impl<K: Ord, V> Map<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.entries.binary_search_by(|(other, _)| other.cmp(key))
    }

    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().and_then(|at| self.entries.get(at)).map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).ok().and_then(|at| self.entries.get_mut(at)).map(|(_, value)| value)
    }

    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => self.entries.get_mut(at).map(|(_, old)| std::mem::replace(old, value)),
            Err(at) => {
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).ok().map(|at| self.entries.remove(at).1)
    }

    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        let place = self.place(&key);
        Entry { map: self, key, place }
    }

    /// Takes the least key away, if it may go.
    pub fn pop_first_if(&mut self, may: impl FnOnce(&K, &V) -> bool) -> Option<(K, V)> {
        let first = self.entries.first().is_some_and(|(key, value)| may(key, value));
        first.then(|| self.entries.remove(0))
    }

    pub fn range(&self, keys: impl RangeBounds<K>) -> Pairs<'_, K, V> {
        let before = |bound: Bound<&K>, without: bool| match bound {
            Bound::Included(key) => {
                self.entries.partition_point(|(other, _)| other < key || (!without && other == key))
            }
            Bound::Excluded(key) => self.entries.partition_point(|(other, _)| other < key || (without && other == key)),
            Bound::Unbounded => {
                if without {
                    0
                } else {
                    self.entries.len()
                }
            }
        };
        let (begin, end) = (before(keys.start_bound(), true), before(keys.end_bound(), false));
        self.entries.get(begin..end).unwrap_or_default().iter().map(|(key, value)| (key, value))
    }

    /// Keeps what is before the key, and gives the rest.
    pub fn split_off(&mut self, key: &K) -> Self {
        let at = self.entries.partition_point(|(other, _)| other < key);
        Self { entries: self.entries.split_off(at) }
    }
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        let at = match self.place {
            Ok(at) => at,
            Err(at) => {
                self.map.entries.insert(at, (self.key, value()));
                at
            }
        };
        &mut self.map.entries.get_mut(at).expect("it stands there").1
    }

    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.insert(key, value);
        }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = Self::new();
        map.extend(pairs);
        map
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a Map<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Pairs<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Whatever is done to it, the map holds what a tree would.
    #[test]
    fn a_map_is_a_tree() {
        let (mut map, mut tree) = (Map::new(), BTreeMap::new());
        let mut number = 1_u64;
        for step in 0..2_000_u64 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (key, other) = ((number >> 33) % 40, (number >> 45) % 40);
            match (number >> 60) % 8 {
                0 | 1 => assert_eq!(map.insert(key, step), tree.insert(key, step)),
                2 => assert_eq!(map.remove(&key), tree.remove(&key)),
                3 => assert_eq!(*map.entry(key).or_insert(step), *tree.entry(key).or_insert(step)),
                4 => {
                    let first = tree.first_key_value().is_some_and(|(first, _)| *first < key).then(|| tree.pop_first());
                    assert_eq!(map.pop_first_if(|first, _| *first < key), first.flatten());
                }
                5 if key < 4 => assert!(map.split_off(&other).into_iter().eq(tree.split_off(&other))),
                6 if key < 4 => {
                    map.retain(|key, _| key % 3 > 0);
                    tree.retain(|key, _| key % 3 > 0);
                }
                _ => {
                    let (from, to) = (key.min(other), key.max(other));
                    assert!(map.range(from..to).eq(tree.range(from..to)));
                    assert!(map.range(from..=to).rev().eq(tree.range(from..=to).rev()));
                    assert!(map.range(from..).eq(tree.range(from..)));
                    assert!(map.range(..to).eq(tree.range(..to)));
                    assert_eq!(map.get(&key), tree.get(&key));
                }
            }
            assert!(map.iter().eq(&tree) && map.len() == tree.len());
        }
    }
}
