/// The words of invented titles.
enum Words {
    /// A genre with the words that its titles are made of.
    struct Genre {
        let name: String
        let adjectives: [String]
        let nouns: [String]
    }

    static let genres = [
        Genre(
            name: "Action", adjectives: ["Furious", "Armored", "Reckless", "Blazing", "Ironclad"],
            nouns: ["Convoy", "Bulldozer", "Vanguard", "Detonator", "Gauntlet"]),
        Genre(
            name: "Adventure", adjectives: ["Uncharted", "Seafaring", "Windblown", "Far-flung", "Monsoon"],
            nouns: ["Compass", "Caravan", "Lagoon", "Sextant", "Outpost"]),
        Genre(
            name: "Animation", adjectives: ["Bouncing", "Polka-Dot", "Giggling", "Rubbery", "Marzipan"],
            nouns: ["Teapot", "Hedgehog", "Snowflake", "Balloon", "Tadpole"]),
        Genre(
            name: "Comedy", adjectives: ["Awkward", "Tipsy", "Mismatched", "Bumbling", "Overbooked"],
            nouns: ["Plumbers", "Honeymooners", "Dentist", "Bachelorette", "Caterers"]),
        Genre(
            name: "Crime", adjectives: ["Counterfeit", "Unsolved", "Backroom", "Forged", "Wiretapped"],
            nouns: ["Alibi", "Ledger", "Informant", "Heirloom", "Locksmith"]),
        Genre(
            name: "Drama", adjectives: ["Faded", "Unspoken", "Brittle", "Autumnal", "Reluctant"],
            nouns: ["Sonata", "Orphanage", "Promise", "Vineyard", "Letters"]),
        Genre(
            name: "Fantasy", adjectives: ["Spellbound", "Moonlit", "Gilded", "Thorned", "Wandering"],
            nouns: ["Griffin", "Amulet", "Sorceress", "Runestone", "Labyrinth"]),
        Genre(
            name: "Horror", adjectives: ["Festering", "Whispering", "Bloodless", "Sunken", "Eyeless"],
            nouns: ["Crypt", "Marionette", "Asylum", "Attic", "Scarecrow"]),
        Genre(
            name: "Musical", adjectives: ["Syncopated", "Rhinestone", "Tap-Dancing", "Operatic", "Swinging"],
            nouns: ["Chorus", "Trombone", "Ballroom", "Understudy", "Carousel"]),
        Genre(
            name: "Romance", adjectives: ["Tender", "Lavender", "Long-Distance", "Candlelit", "Smitten"],
            nouns: ["Bouquet", "Proposal", "Serenade", "Gardener", "Postcards"]),
        Genre(
            name: "Sci-Fi", adjectives: ["Orbital", "Quantum", "Cryogenic", "Synthetic", "Lightless"],
            nouns: ["Colony", "Android", "Wormhole", "Reactor", "Beacon"]),
        Genre(
            name: "War", adjectives: ["Besieged", "Entrenched", "Scorched", "Conscripted", "Mutinous"],
            nouns: ["Battalion", "Bunker", "Armistice", "Frontier", "Regiment"]),
    ]

    /// How many different titles of popular films there are.
    static var popularTitles: Int { genres.reduce(0) { $0 + $1.adjectives.count * $1.nouns.count } }

    static let onsets = [
        "Bra", "Cel", "Dro", "Fen", "Gal", "Hul", "Jor", "Kes", "Lum", "Mer", "Nol", "Oph", "Pra", "Quil", "Ros", "Sel",
        "Tor", "Ulm", "Ven", "Wex", "Yar", "Zan", "Ald", "Bec", "Cor", "Dun", "Ele", "Fra", "Gri", "Hav",
    ]
    static let middles = ["", "a", "e", "i", "o", "ar", "en", "is", "ol", "un"]
    static let codas = [
        "bel", "crest", "dane", "fax", "gorn", "ham", "kin", "lith", "mond", "n\u{e9}", "pol", "quay", "rick", "stow",
        "tov", "vex", "wyn", "xis", "zer", "dru",
    ]

    /// How many different names of series there are.
    static var seriesNames: Int { onsets.count * middles.count * codas.count }

    /// What is put around the name of a series for its first, second … film.
    static func seriesTitle(_ name: String, film: Int) -> String {
        switch film {
        case 0: name
        case 1: "Return to \(name)"
        case 2: "\(name) Forever"
        case 3: "Beyond \(name)"
        case 4: "\(name) Reborn"
        default: "Farewell \(name)"
        }
    }
}
