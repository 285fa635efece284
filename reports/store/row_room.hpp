// Who may still add rows while history.max_size is near. Past half of it, the rows of the days whose report
// is still to come are counted by the client's network (dns/client_address): each may fill no more than a
// third of what others left it, so that nobody's rows are kept from the reports by a stranger's. Inside
// reports/store/ alone.
#pragma once

#include "reports/store/store.hpp"

#include "dns/ip_address.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace gatepost::reports::store {

// About what it takes of the database, its policy too.
std::uint64_t octets_in_database(const aggregate::Row& row);

class RowRoom {
  public:
    explicit RowRoom(SQLite::Database& database);

    // `used`: the octets of the file that hold something; `is_full`: nothing more may be taken out of it.
    // Counts the rows that there are where it begins to matter. Throws SQLite::Exception.
    void measure(const Retention& retention, std::uint64_t used, bool is_full);
    // Every new row is taken.
    bool is_ample() const { return !counted_from_; }
    // Counts a new row of the client; false: there is no room for it, or none for its network.
    bool take(const dns::IpAddress& client, std::uint64_t octets);
    // The client of the last row that was left out for its network's share alone; nullopt: none was.
    std::optional<dns::IpAddress> crowding() const { return crowding_; }
    // What was counted since may not be in the database.
    void forget();

  private:
    void count(std::chrono::year_month_day from);
    std::uint64_t& held_by(const dns::IpAddress& client);

    SQLite::Statement rows_by_client_;
    std::optional<std::chrono::year_month_day> counted_from_;  // what follows counts the days from here on
    // Octets, by network. In order, not hashed: strangers choose addresses.
    std::map<dns::IpAddress, std::uint64_t> held_;
    std::uint64_t total_ = 0;  // of held_
    std::uint64_t most_ = 0;
    std::optional<dns::IpAddress> crowding_;
    bool is_full_ = false;
};

}  // namespace gatepost::reports::store
