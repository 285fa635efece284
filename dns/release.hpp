// Owners of what C libraries make: std::unique_ptr<SSL, Release<SSL_free>>.
#pragma once

namespace gatepost {

template <auto release>
struct Release {
    template <typename T>
    void operator()(T* pointer) const {
        release(pointer);
    }
};

}  // namespace gatepost
