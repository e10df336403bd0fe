/// Which addresses are the public internet's: those that IANA's registries of special purposes (RFC 6890) do not set apart.
///
/// For requests to URLs that somebody else has chosen: behind a name may be this machine, its neighbours, or a cloud's metadata service.
enum PublicAddress {
    /// A network that is not the public internet's, by its first bits.
    private struct Network {
        let prefix: [UInt8]
        let bits: Int

        init(_ prefix: [UInt8], _ bits: Int) { (self.prefix, self.bits) = (prefix, bits) }

        func contains(_ address: [UInt8]) -> Bool {
            for (place, byte) in prefix.enumerated() {
                let mask = UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, bits - 8 * place)))
                guard place < address.count, address[place] & mask == byte & mask else { return false }
            }
            return true
        }
    }

    /// Of IPv4: this network, private use, shared by carriers, loopback, link-local (metadata services), protocol assignments, documentation,
    /// 6to4 relays, benchmarking, multicast and everything above.
    private static let apart4 = [
        Network([0], 8), Network([10], 8), Network([100, 64], 10), Network([127], 8), Network([169, 254], 16),
        Network([172, 16], 12), Network([192, 0, 0], 24), Network([192, 0, 2], 24), Network([192, 88, 99], 24),
        Network([192, 168], 16), Network([198, 18], 15), Network([198, 51, 100], 24), Network([203, 0, 113], 24),
        Network([224], 3),
    ]
    /// Of IPv6, all global unicast (2000::/3), but for: protocol assignments with Teredo, documentation, and 6to4, which hides an address of
    /// IPv4. What is mapped or translated (::ffff:0:0/96, 64:ff9b::/96), local or multicast lies outside of it.
    private static let global6 = Network([0x20], 3)
    private static let apart6 = [
        Network([0x20, 0x01, 0x00], 23), Network([0x20, 0x01, 0x0D, 0xB8], 32), Network([0x20, 0x02], 16),
        Network([0x3F, 0xFF, 0x00], 20),
    ]

    /// Whether the address, 4 or 16 bytes in network order, is the public internet's.
    static func contains(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: !apart4.contains { $0.contains(address) }
        case 16: global6.contains(address) && !apart6.contains { $0.contains(address) }
        default: false
        }
    }
}
