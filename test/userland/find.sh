# find.
mkdir -p d/a/b d/c; echo one > d/f1; echo two > d/a/f2.txt; : > d/a/b/empty; ln -s f1 d/link; head -c 3000 /dev/zero > d/c/big; mkdir d/c/sub
find d | sort; find d -name 'f*' | sort; find d -type d | sort; find d -type f | sort; find d -type l; find d -name '*.txt'; find d/f1; cd d; find | sort; find . -name f1; cd ..
find d -maxdepth 1 | sort; find d -mindepth 2 | sort; find d -maxdepth 0; find d -mindepth 1 -maxdepth 1 -type d | sort; find d/a d/c -type f | sort
find d ! -name 'f*' | sort; find d -type f -a -name 'f*' | sort; find d -name f1 -o -name big | sort; find d '(' -name f1 -o -name big ')' -type f | sort; find d -type d -o -name f1 | sort; find d '!' -type d | sort
find d -path '*/a/*' | sort; find d -path 'd/c' ; find d -type f -size +1 | sort; find d -type f -size -1; find d -type f -size 1 | sort; find d -type f -size +2k; find d -type f -size 4c | sort
touch -d @1000000000 d/f1; touch -d @1500000000 d/a/f2.txt; find d -newer d/f1 -type f | sort; find d -name 'f*' -newer d/a/f2.txt
find d -type f -exec echo got '{}' ';' | sort; find d -name 'f*' -exec cat {} ';' | sort; find d -type f -exec echo {} + | wc -l; find d -name f1 -exec false ';' -print; find d -name f1 -exec true ';' -print; find d -name 'f*' -exec sh -c 'echo "$# $1"' x {} ';' | sort
find d -name f1 -print0 | tr '\0' '!'; echo; find d -name f1 -print -print; find d -name nosuch; echo $?; find nosuch 2>/dev/null; echo $?; find d -bogus 2>/dev/null; echo $?
find d -depth -name 'a*' ; find d -name b -depth | sort; find d -name big -delete; ls d/c; find d/a -delete; ls d; find d -type d -name sub -delete; find d | sort; find d -name 'f1' -exec rm {} +; find d | sort
