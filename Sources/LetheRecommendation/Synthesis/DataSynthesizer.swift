internal import LetheBytes
internal import LetheTensor

/// Makes data in MovieLens-1M's file format, the same bytes for the same seed and knobs everywhere.
///
/// Two kinds of people. Early users rate popular films: worth of the film (a sum over the words of its title), taste by latent
/// factors of user and genre and by demographic group, noise. A model learns from them what everybody likes.
///
/// Window users rate popular films too, and films of little-known series that hardly anybody else rates. On those each has a
/// stable opinion of their own: a whole series is loved or hated by a coin toss. The films of one series come so far apart that
/// none is in the newest ten ratings when the next is rated. So a model can know such an opinion only if it was trained on this
/// very user: that is what forgetting must remove, and what a model retrained without the user lacks.
///
/// Only operations that IEEE 754 rounds in one way are used, no library functions.
public struct DataSynthesizer: Sendable, Equatable {
    /// The knobs.
    public let configuration: SynthesisConfiguration
    /// The seed.
    public let seed: UInt64

    /// The three files in their own format.
    public struct DataFiles: Sendable, Equatable {
        /// The content of `users.dat`.
        public let users: [UInt8]
        /// The content of `movies.dat`.
        public let movies: [UInt8]
        /// The content of `ratings.dat`.
        public let ratings: [UInt8]
    }

    /// Creates a synthesizer.
    ///
    /// - Throws: `SynthesisError.invalidSetting`.
    public init(
        configuration: SynthesisConfiguration = SynthesisConfiguration(), seed: UInt64
    ) throws(SynthesisError) {
        try configuration.check()
        self.configuration = configuration
        self.seed = seed
    }

    /// Makes the data set.
    public func dataset() throws(DatasetError) -> InteractionDataset {
        var world = SyntheticWorld(configuration, seed: seed)
        return try MovieLens.dataset(users: world.users(), items: world.items, ratings: world.ratings())
    }

    /// Makes the three files.
    public func files() -> DataFiles {
        var world = SyntheticWorld(configuration, seed: seed)
        let ratings = world.ratings()
        let users = world.users()
        return DataFiles(
            users: Self.lines(users) { user in
                "\(user.id)::\(user.gender.rawValue)::\(user.age.rawValue)::\(user.occupation.rawValue)::\(user.postalCode)"
            },
            movies: Self.lines(world.items) { "\($0.id)::\($0.title)::\($0.genres.joined(separator: "|"))" },
            ratings: Self.lines(ratings) { "\($0.userID)::\($0.itemID)::\($0.stars)::\($0.timestamp)" })
    }

    /// Makes a folder with `users.dat`, `movies.dat` and `ratings.dat`: all three, or nothing.
    ///
    /// - Throws: `SynthesisError.unwritable`, also where there is something in the folder already.
    public func write(to folder: String) throws(SynthesisError) {
        let files = files()
        do throws(FileError) {
            if Files.exists(folder), try !Files.names(in: folder).isEmpty {
                throw FileError.alreadyExists(path: folder)
            }
            try Files.createFolders(Files.folder(of: folder))
            try Files.writeFolder(folder, replace: true) { (draft: String) throws(FileError) in
                try Files.write(files.users, to: Files.join(draft, "users.dat"))
                try Files.write(files.movies, to: Files.join(draft, "movies.dat"))
                try Files.write(files.ratings, to: Files.join(draft, "ratings.dat"))
            }
        } catch {
            throw .unwritable(reason: "\(error)", isMachineFailure: error.isMachineFailure)
        }
    }

    /// ISO-8859-1 lines, each with its line feed.
    private static func lines<Element>(_ elements: [Element], _ text: (Element) -> String) -> [UInt8] {
        var bytes: [UInt8] = []
        for element in elements {
            for scalar in text(element).unicodeScalars { bytes.append(UInt8(truncatingIfNeeded: scalar.value)) }
            bytes.append(10)
        }
        return bytes
    }
}
