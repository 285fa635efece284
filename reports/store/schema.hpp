// The tables of the state database, and how a file comes to have them. Inside reports/store/ alone.
//
// The version stands in the file (PRAGMA user_version); a step leads from each version to the next, so an old
// file is brought up to date in one transaction, and a newer one is refused instead of guessed at.
#pragma once

#include <SQLiteCpp/Database.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace gatepost::reports::store {

// The file cannot be used: what() says why, for people. Caught where the store is opened.
class UnusableDatabase : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

inline constexpr int schema_version = 3;
// "GPST": tells our files from those of other programs.
inline constexpr int application_id = 0x47505354;

// Opens for writing, creating file and tables as needed; write-ahead log, each commit durable. Throws
// UnusableDatabase or SQLite::Exception.
SQLite::Database open_for_writing(const std::filesystem::path& file, std::chrono::milliseconds lock_timeout);
// Opens an existing file of this schema for queries alone. Throws as above.
SQLite::Database open_for_reading(const std::filesystem::path& file, std::chrono::milliseconds lock_timeout);

}  // namespace gatepost::reports::store
