"""Large problems over buildings alone: whom they serve enters as cuts, and the tree branches on what is open."""
