"""Token cost accounting: price books, and ledgers charged exactly."""
