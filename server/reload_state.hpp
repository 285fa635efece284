// What became of the last reloads, for /readyz, the metrics and the service manager: a server that goes on
// with an old configuration looks healthy, and its next restart would not succeed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace gatepost::server {

class ReloadState {
  public:
    enum class Part {
        configuration,
        certificates
    };  // of which certificate files are looked at by themselves

    // Any thread. The last reload was fine.
    void succeeded(Part part);
    // It was refused, and what was in force is kept.
    void failed(Part part, std::string problem);

    struct Counts {
        std::uint64_t failures = 0;
        bool last_successful = true;  // of both parts
    };
    Counts counts() const;
    std::vector<std::string> warnings() const;  // for people; none where all is well

  private:
    mutable std::mutex mutex_;
    std::array<std::string, 2> problems_;  // by Part; empty: none
    std::uint64_t failures_ = 0;
};

}  // namespace gatepost::server
