extension MessageFields {
    /// How many members a JSON value has, over all the objects in it, as the decoder kept them.
    ///
    /// ``JSONShape`` has bounded depth, members and elements before, and with them the work done here.
    struct MemberCount: Decodable {
        private(set) var count = 0

        /// Counts the members of an object.
        init(_ object: KeyedDecodingContainer<Name>) {
            for name in object.allKeys {
                self.count += 1
                self.count += (try? object.decode(MemberCount.self, forKey: name))?.count ?? 0
            }
        }

        init(from decoder: any Decoder) throws {
            if (try? decoder.singleValueContainer().decode(String.self)) != nil { return }
            if let object = try? decoder.container(keyedBy: Name.self) {
                self.count = MemberCount(object).count
            } else if var list = try? decoder.unkeyedContainer() {
                while !list.isAtEnd { self.count += try list.decode(MemberCount.self).count }
            }
        }
    }
}
