"""Reports of CAKE against a stand-in on a real socket."""
